"""MkDocs hook: adds the pages that live outside docs/ to the documentation site, and adapts the links between pages.

The files in the repository link to each other as a source host such as GitHub resolves links: relative to the file in
the repository. On the site, README.md and ARCHITECTURE.md stand beside the pages of docs/, so a link between two pages
gets the path that is valid there. A link to a file that is not part of the site, for instance a source file, becomes
plain text. A link to a file that does not exist is left alone, and `mkdocs build --strict` reports it.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = "docs/"
LICENSES = "tar_core/assets/licenses/"
# Path in the repository -> path on the site. README.md has another name because MkDocs takes a README for an index.
ROOT_PAGES = {
    "README.md": "overview.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_CODE_BLOCK = re.compile(r"(^ *```.*?^ *```)", re.MULTILINE | re.DOTALL)


def outside_pages(repository: Path = REPOSITORY) -> dict[str, str]:
    """Map the pages outside docs/ from their path in the repository to their path on the site."""
    licenses = sorted(path.name for path in (repository / LICENSES).glob("*.md"))
    pages = ROOT_PAGES | {LICENSES + name: f"licenses/{name}" for name in licenses}
    return {source: target for source, target in pages.items() if (repository / source).is_file()}


def adapt_links(markdown: str, page: str, pages: dict[str, str], repository: Path = REPOSITORY) -> str:
    """Replace the links of a page by links that are valid on the site.

    Args:
        markdown: the text of the page.
        page: its path in the repository.
        pages: what `outside_pages` returns.
    """
    folder = posixpath.dirname(site_path(page, pages) or "")

    def replace(link: re.Match[str]) -> str:
        target = link["target"]
        if re.match(r"[a-z]+:", target):
            return link[0]
        in_repository = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        on_site = site_path(in_repository, pages)
        if on_site is not None:
            path = posixpath.relpath(on_site, folder or ".")
            return f"{link['image']}[{link['text']}]({path}{link['anchor'] or ''})"
        return link["text"] if (repository / in_repository).exists() else link[0]

    parts = _CODE_BLOCK.split(markdown)  # code at odd indices
    return "".join(part if index % 2 else _LINK.sub(replace, part) for index, part in enumerate(parts))


def site_path(source: str, pages: dict[str, str]) -> str | None:
    """Return the path on the site of a file in the repository; None if the file is not part of the site."""
    return source.removeprefix(DOCS) if source.startswith(DOCS) else pages.get(source)


def on_config(config: Any) -> Any:
    """Called by MkDocs: list every experiment in the navigation."""
    experiments = sorted(path.name for path in (REPOSITORY / DOCS / "experiments").glob("2*.md"))
    for section in config.nav:
        if "Experiments" in section:
            section["Experiments"] += [f"experiments/{name}" for name in experiments]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Called by MkDocs: add the pages outside docs/."""
    from mkdocs.structure.files import File

    for source, target in outside_pages().items():
        files.append(File.generated(config, target, abs_src_path=str(REPOSITORY / source)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Called by MkDocs: adapt the links of a page."""
    pages = outside_pages()
    sources = {target: source for source, target in pages.items()}
    return adapt_links(markdown, sources.get(page.file.src_uri, DOCS + page.file.src_uri), pages)
