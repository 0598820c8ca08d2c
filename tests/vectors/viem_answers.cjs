// What viem makes of typed_data.json: prints, for every vector, its digest, its signature and who signed.
// Called by tests/integration/test_viem.py, which compares.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const contracts = path.resolve(__dirname, "../../contracts/package.json");
const load = require("node:module").createRequire(contracts);
const viem = load("viem");
const { privateKeyToAccount } = load("viem/accounts");

const NOBODY = viem.zeroAddress;

function typed({ struct, domain, fields, message }) {
  const parsed = ([name, type]) => [name, type.startsWith("uint") ? BigInt(message[name]) : message[name]];
  return {
    domain,
    types: { [struct]: fields.map(([name, type]) => ({ name, type })) },
    primaryType: struct,
    message: Object.fromEntries(fields.map(parsed)),
  };
}

async function recovered(digest, { r, vs }) {
  try {
    const signature = viem.compactSignatureToSignature({ r, yParityAndS: vs });
    return await viem.recoverAddress({ hash: digest, signature });
  } catch {
    return NOBODY;
  }
}

async function answer(vector) {
  const digest = viem.hashTypedData(typed(vector));
  const found = { digest, recovered: await recovered(digest, vector) };
  if (!vector.key) return found;
  const signature = await privateKeyToAccount(vector.key).signTypedData(typed(vector));
  const { r, yParityAndS } = viem.signatureToCompactSignature(viem.parseSignature(signature));
  return { ...found, r, vs: yParityAndS };
}

async function main() {
  const { good, wrong } = JSON.parse(fs.readFileSync(path.join(__dirname, "typed_data.json"), "utf8"));
  const answers = { good: [], wrong: [] };
  for (const vector of good) answers.good.push(await answer(vector));
  for (const vector of wrong) answers.wrong.push(await answer(vector));
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
