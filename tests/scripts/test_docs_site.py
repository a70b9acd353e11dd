import re
from pathlib import Path

import pytest

from scripts.docs_site import DOCS, REPOSITORY, adapt_links, outside_pages, site_path

PAGES = {"README.md": "overview.md", "tar_core/assets/licenses/tar_s.md": "licenses/tar_s.md"}
PATH = re.compile(r"`((?:tar_core|tar_blender|tests|benchmarks|scripts|requirements|docs)/[\w./-]+)`")
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "tar_core").mkdir()
    (tmp_path / "tar_core" / "cli.py").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("page", "link", "adapted"),
    [
        ("README.md", "[a](docs/training.md#data)", "[a](training.md#data)"),
        ("README.md", "![a](docs/images/demo.jpg)", "![a](images/demo.jpg)"),
        ("docs/index.md", "[`a`](../README.md)", "[`a`](overview.md)"),
        ("docs/experiments/index.md", "[a](../benchmarks.md)", "[a](../benchmarks.md)"),
        ("docs/model_card.md", "[a](../tar_core/assets/licenses/tar_s.md)", "[a](licenses/tar_s.md)"),
        ("tar_core/assets/licenses/tar_s.md", "[a](../../../docs/training.md)", "[a](../training.md)"),
        ("docs/index.md", "[a](#here), [b](https://example.org)", "[a](#here), [b](https://example.org)"),
    ],
)
def test_links_between_pages_are_valid_on_the_site(page: str, link: str, adapted: str, repository: Path) -> None:
    assert adapt_links(link, page, PAGES, repository) == adapted


def test_links_to_source_files_become_text(repository: Path) -> None:
    assert adapt_links("see [the `cli`](../tar_core/cli.py).", "docs/index.md", PAGES, repository) == "see the `cli`."


def test_links_to_missing_files_stay_for_mkdocs_to_report(repository: Path) -> None:
    assert adapt_links("[a](../gone.py)", "docs/index.md", PAGES, repository) == "[a](../gone.py)"


def test_code_blocks_stay(repository: Path) -> None:
    text = "```\n[a](../README.md)\n```\n"
    assert adapt_links(text, "docs/index.md", PAGES, repository) == text


def test_every_page_outside_docs_has_its_own_path_on_the_site() -> None:
    pages = outside_pages()
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tar_core/assets/licenses/tar_s.md"} <= pages.keys()
    assert len(set(pages.values())) == len(pages)
    assert not any((REPOSITORY / DOCS / target).exists() for target in pages.values())
    assert site_path("Makefile", pages) is None


def test_links_in_the_repository_lead_to_files() -> None:
    pages = [REPOSITORY / page for page in outside_pages()] + list((REPOSITORY / DOCS).rglob("*.md"))
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_paths_in_the_text_exist() -> None:
    """Experiments are left out: they record the state of their day."""
    pages = [REPOSITORY / page for page in outside_pages()] + list((REPOSITORY / DOCS).glob("*.md"))
    missing = [
        f"{page.name}: {path}"
        for page in pages
        for path in PATH.findall(page.read_text())
        if not (REPOSITORY / path).exists()
    ]
    assert missing == []


def test_every_experiment_is_listed() -> None:
    folder = REPOSITORY / DOCS / "experiments"
    listed = set(LINK.findall((folder / "index.md").read_text()))
    assert {path.name for path in folder.glob("2*.md")} <= listed
