// A job type of Flamenco, Blender's render farm: capture many videos on many machines, and render the scenes.
//
// Copy this file to the folder `scripts` beside the Flamenco Manager; docs/render_farm.md has the steps. The videos are
// divided among the tasks by the option --shard, so that the manager need not list them. A task that is started again
// skips the videos that it has finished (--resume).

const JOB_TYPE = {
    label: "TAR Motion Capture",
    settings: [
        { key: "videos", type: "string", subtype: "dir_path", required: true,
          description: "Folder of videos, pattern or list (.csv, .jsonl), as the machines of the farm see it" },
        { key: "output", type: "string", subtype: "dir_path", required: true,
          description: "Folder for the results, which all machines can write" },
        { key: "tasks", type: "int32", default: 8, propargs: { min: 1 },
          description: "Number of tasks that the videos are divided into" },
        { key: "program", type: "string", default: "blender", choices: ["blender", "tar-capture"],
          description: "Blender with the extension, or the command that writes motion files without Blender" },
        { key: "formats", type: "string", default: "blend,npz",
          description: "Formats that Blender writes, separated by commas" },
        { key: "options", type: "string", default: "", description: "More options, as on the command line" },
        { key: "render", type: "bool", default: false, description: "Render the scenes once all are written" },
        { key: "render_engine", type: "string", default: "BLENDER_WORKBENCH", visible: "submission",
          description: "Engine that renders" },
    ]
};

// Arguments after "--": folder of scenes, folder for images, engine, number of this part, number of parts.
const RENDER = `
import pathlib, sys
import bpy
folder, target, engine, number, count = sys.argv[sys.argv.index("--") + 1:]
for file in sorted(pathlib.Path(folder).glob("*.blend"))[int(number) - 1::int(count)]:
    bpy.ops.wm.open_mainfile(filepath=str(file))
    render = bpy.context.scene.render
    render.engine, render.image_settings.file_format = engine, "PNG"
    render.filepath = str(pathlib.Path(target) / file.stem / "######")
    bpy.ops.render.render(animation=True)
`;

function compileJob(job) {
    const settings = job.settings;
    if (settings.render && (settings.program !== "blender" || !settings.formats.split(",").includes("blend"))) {
        throw new Error("only Blender writes scenes to render; choose the program blender and the format blend");
    }
    const captures = [];
    for (let number = 1; number <= settings.tasks; number++) {
        const task = author.Task(`capture-${number}`, settings.program === "blender" ? "blender" : "misc");
        task.addCommand(captureCommand(settings, `${number}/${settings.tasks}`));
        captures.push(task);
        job.addTask(task);
    }
    for (let number = 1; settings.render && number <= settings.tasks; number++) {
        const task = author.Task(`render-${number}`, "blender");
        task.addCommand(renderCommand(settings, number));
        captures.forEach(capture => task.addDependency(capture)); // the scenes are divided once all are known
        job.addTask(task);
    }
}

function captureCommand(settings, shard) {
    const common = ["--output", settings.output, "--shard", shard, "--resume", ...words(settings.options)];
    if (settings.program === "blender") {
        const args = ["--background", "--command", "tar_capture", settings.videos, "--format", settings.formats];
        return author.Command("exec", { exe: "{blender}", args: [...args, ...common] });
    }
    return author.Command("exec", { exe: "tar-capture", args: ["batch", settings.videos, ...common] });
}

function renderCommand(settings, number) {
    const images = settings.output.replace(/[/\\]+$/, "") + "/renders";
    const own = [settings.output, images, settings.render_engine, `${number}`, `${settings.tasks}`];
    const args = ["--background", "--python-exit-code", "1", "--python-expr", RENDER, "--", ...own];
    return author.Command("exec", { exe: "{blender}", args: args });
}

// The words of a command line; quoted ones may contain spaces.
function words(text) {
    return (text.match(/"[^"]*"|'[^']*'|\S+/g) || []).map(word => word.replace(/^(["'])(.*)\1$/, "$2"));
}
