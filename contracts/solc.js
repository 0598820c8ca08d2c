#!/usr/bin/env node
// The npm package `solc` dressed as the native compiler, so that forge and py-solc-x run the same one.
// Both ask for `--version`, then send one Standard JSON document through `--standard-json`.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const USAGE = `usage: solc.js --version | -V
       solc.js --standard-json [FILE | -] [--base-path DIR] [--include-path DIR]... [--allow-paths DIR,...]
`;

function fail(message) {
  process.stderr.write(`solc.js: ${message}\n${USAGE}`);
  process.exit(1);
}

function parse(argv) {
  const options = { action: null, input: null, basePath: process.cwd(), includePaths: [], allowPaths: [] };
  const rest = [...argv];
  while (rest.length > 0) {
    const [name, ...inline] = rest.shift().split("=");
    const value = () => {
      const given = inline.length > 0 ? inline.join("=") : rest.shift();
      return given === undefined ? fail(`${name} needs a value`) : given;
    };
    if (name === "--version" || name === "-V") options.action = "version";
    else if (name === "--standard-json") options.action = "compile";
    else if (name === "--base-path") options.basePath = value();
    else if (name === "--include-path" || name === "-I") options.includePaths.push(value());
    else if (name === "--allow-paths") options.allowPaths.push(...value().split(",").filter(Boolean));
    else if (options.input === null && (name === "-" || !name.startsWith("-"))) options.input = [name, ...inline].join("=");
    else fail(`unrecognised option '${name}'`);
  }
  if (options.action === null) fail("nothing to do");
  return options;
}

// Standard JSON may name imports without holding them; like the native compiler, read only below the given folders.
function importer({ basePath, includePaths, allowPaths }) {
  const roots = [basePath, ...includePaths].map((dir) => path.resolve(dir));
  const allowed = [...roots, ...allowPaths.map((dir) => path.resolve(dir))];
  const within = (file) => allowed.some((dir) => file === dir || file.startsWith(dir + path.sep));
  return (name) => {
    for (const root of roots) {
      const file = path.resolve(root, name);
      if (within(file) && fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
    }
    return { error: "File not found below the allowed folders" };
  };
}

async function read(input) {
  if (input !== null && input !== "-") return fs.readFileSync(input, "utf8");
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function main() {
  const options = parse(process.argv.slice(2));
  let solc;
  try {
    solc = require("solc");
  } catch {
    fail("the npm package `solc` is missing; run scripts/setup");
  }
  const output =
    options.action === "version"
      ? `solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`
      : solc.compile(await read(options.input), { import: importer(options) });
  process.stdout.write(output + "\n", () => process.exit(0));
}

main().catch((error) => fail(error.message));
