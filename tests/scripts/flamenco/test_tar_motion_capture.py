"""The job type of Flamenco: Node compiles jobs with the interface that Flamenco documents; the commands run."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tar_core.shot_files import load_shots
from tests.support.clips import synthetic_clip
from tests.support.paths import REPOSITORY

SCRIPT = REPOSITORY / "scripts" / "flamenco" / "tar_motion_capture.js"
# What Flamenco gives to scripts: author.Task, author.Command, and the job with its settings.
COMPILE = """
const fs = require("fs"), vm = require("vm");
const [script, given] = process.argv.slice(1);
const author = {
    Task: (name, type) => ({
        name, type, commands: [], dependencies: [],
        addCommand(command) { this.commands.push(command); },
        addDependency(task) { this.dependencies.push(task.name); },
    }),
    Command: (type, parameters) => ({ type, parameters }),
};
const context = vm.createContext({ author, print: () => {} });
vm.runInContext(fs.readFileSync(script, "utf8") + "\\nvar jobType = JOB_TYPE;", context);
const defaults = Object.fromEntries(
    context.jobType.settings.filter(s => s.default !== undefined).map(s => [s.key, s.default]));
const tasks = [];
const job = { settings: { ...defaults, ...JSON.parse(given) }, addTask(task) { tasks.push(task); } };
context.compileJob(job);
console.log(JSON.stringify({ settings: context.jobType.settings, tasks }));
"""


def compiled(**settings: Any) -> dict[str, Any]:
    """The settings of the job type, and the tasks of a job."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    command = [node, "-e", COMPILE, str(SCRIPT), json.dumps(settings)]
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        raise ValueError(finished.stderr)
    return json.loads(finished.stdout)


def run(task: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command of a task; Python stands for Blender, whose module it has, and for tar-capture."""
    ((command),) = task["commands"]
    assert command["type"] == "exec"
    exe, args = command["parameters"]["exe"], command["parameters"]["args"]
    if exe == "tar-capture":
        start = ["-m", "tar_core"]
    elif "--python-expr" in args:
        expression = args.index("--python-expr") + 1
        assert args[: expression - 1] == ["--background", "--python-exit-code", "1"]
        start, args = ["-c", args[expression]], args[expression + 1 :]
    else:
        assert exe == "{blender}" and args[:3] == ["--background", "--command", "tar_capture"]
        start, args = ["-m", "tar_blender.headless.command"], args[3:]
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run([sys.executable, *start, *args], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of motion files, which take no time to capture."""
    names = [f"take_{number}" for number in range(3)]
    for name in names:
        synthetic_clip(frames=3).save(tmp_path / f"{name}.npz")
    (tmp_path / "list.csv").write_text("video\n" + "".join(f"{name}.npz\n" for name in names))
    return tmp_path / "list.csv"


def test_settings_have_what_flamenco_needs() -> None:
    settings = compiled(videos="v", output="o", tasks=1)["settings"]
    assert all({"key", "type"} <= setting.keys() for setting in settings)
    assert {setting["type"] for setting in settings} <= {"string", "int32", "float", "bool"}
    assert [setting["key"] for setting in settings if setting.get("required")] == ["videos", "output"]


def test_rendering_waits_for_all_captures() -> None:
    tasks = compiled(videos="v", output="o", tasks=2, render=True)["tasks"]
    assert [task["name"] for task in tasks] == ["capture-1", "capture-2", "render-1", "render-2"]
    assert all(task["dependencies"] == ["capture-1", "capture-2"] for task in tasks[2:])
    assert {task["type"] for task in tasks} == {"blender"}


@pytest.mark.parametrize("settings", [{"program": "tar-capture"}, {"formats": "fbx"}])
def test_scenes_are_needed_to_render(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="only Blender writes scenes"):
        compiled(videos="v", output="o", render=True, **settings)


def test_options_may_be_quoted() -> None:
    (task,) = compiled(videos="v", output="o", tasks=1, options='--fov 60  --body "my files/smpl.pkl"')["tasks"]
    assert task["commands"][0]["parameters"]["args"][-4:] == ["--fov", "60", "--body", "my files/smpl.pkl"]


def test_tasks_share_the_videos(listed: Path) -> None:
    out = listed.parent / "out"
    tasks = compiled(videos=str(listed), output=str(out), tasks=2, program="tar-capture")["tasks"]
    for task in tasks:
        finished = run(task, listed.parent)
        assert finished.returncode == 0, finished.stderr
    written = {path.name for path in out.iterdir()}
    assert written == {"report-1-of-2.jsonl", "report-2-of-2.jsonl", *(f"take_{k}.npz" for k in range(3))}
    again = run(tasks[0], listed.parent)
    assert again.returncode == 0 and "0 captured, 2 already finished" in again.stdout


@pytest.mark.slow
def test_videos_are_captured_by_the_tasks(demo_video: Path, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    for name in ("one", "two"):
        shutil.copy(demo_video, tmp_path / "videos" / f"{name}.mp4")
    given = {"videos": str(tmp_path / "videos"), "output": str(tmp_path / "out"), "options": "--end 5 --device cpu"}
    for task in compiled(**given, tasks=2, program="tar-capture")["tasks"]:
        finished = run(task, tmp_path)
        assert finished.returncode == 0, finished.stderr
    for name in ("one", "two"):
        (clip,) = load_shots(tmp_path / "out" / f"{name}.npz")
        assert clip.last_frame == 5


@pytest.mark.slow
@pytest.mark.blender
def test_scenes_are_written_and_rendered(listed: Path) -> None:
    pytest.importorskip("bpy", reason="needs Blender as a Python module")
    out = listed.parent / "out"
    tasks = compiled(videos=str(listed), output=str(out), tasks=2, render=True, formats="blend")["tasks"]
    for task in tasks:
        finished = run(task, listed.parent)
        assert finished.returncode == 0, finished.stderr
    images = sorted(str(path.relative_to(out)) for path in out.rglob("*.png"))
    assert len(images) == 9 and images[0].startswith("renders/take_0/")
