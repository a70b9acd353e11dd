// Runs MoveNet in tf.js (wasm backend): node run_movenet.js NODE_MODULES FOLDER
// Reads model.json, model.bin and crops (uint8 [n, 256, 256, 3]) of FOLDER and writes keypoints (float32 [n, 17, 3]).
const fs = require("fs");
const path = require("path");

const [modules, folder] = process.argv.slice(2);
const tensorflow = (name) => require(path.join(modules, "@tensorflow", name));
const tf = tensorflow("tfjs-core");
const { loadGraphModel } = tensorflow("tfjs-converter");
const wasm = tensorflow("tfjs-backend-wasm");
const read = (name) => fs.readFileSync(path.join(folder, name));
const CROP_BYTES = 256 * 256 * 3;

async function main() {
  wasm.setWasmPaths(path.join(modules, "@tensorflow/tfjs-backend-wasm/dist/"));
  await tf.setBackend("wasm");
  await tf.ready();
  const topology = JSON.parse(read("model.json"));
  const weightSpecs = topology.weightsManifest.flatMap((group) => group.weights);
  const weightData = new Uint8Array(read("model.bin")).buffer;
  const artifacts = { modelTopology: topology.modelTopology, signature: topology.signature, format: topology.format };
  const model = await loadGraphModel({ load: async () => ({ ...artifacts, weightSpecs, weightData }) });
  const crops = read("crops");
  const results = [];
  for (let start = 0; start < crops.length; start += CROP_BYTES) {
    const crop = tf.tensor4d(new Int32Array(crops.subarray(start, start + CROP_BYTES)), [1, 256, 256, 3], "int32");
    results.push(Buffer.from(model.execute(crop).dataSync().buffer.slice(0)));
  }
  fs.writeFileSync(path.join(folder, "keypoints"), Buffer.concat(results));
}

main();
