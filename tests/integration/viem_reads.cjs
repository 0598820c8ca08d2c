// Reads contracts with viem and the interfaces that viem itself knows, as a wallet does:
//   node viem_reads.cjs URL '[["erc721", "0x<contract>", "ownerOf", ["1"]], ...]'
// prints the answers as JSON, in order; whole numbers as decimal strings.
"use strict";

const path = require("node:path");

const contracts = path.resolve(__dirname, "../../contracts/package.json");
const load = require("node:module").createRequire(contracts);
const viem = load("viem");

// viem has no interface for locks (ERC-5192) and for asking about interfaces (ERC-165).
const ADDED = viem.parseAbi([
  "function locked(uint256 tokenId) view returns (bool)",
  "function supportsInterface(bytes4 interfaceId) view returns (bool)",
]);
const TOKEN = [...viem.erc721Abi, ...ADDED];
const MINUTES = viem.erc20Abi;

async function main() {
  const [url, calls] = process.argv.slice(2);
  const client = viem.createPublicClient({ transport: viem.http(url) });
  const answers = [];
  for (const [standard, address, functionName, args] of JSON.parse(calls)) {
    const abi = standard === "erc20" ? MINUTES : TOKEN;
    answers.push(await client.readContract({ address, abi, functionName, args }));
  }
  process.stdout.write(JSON.stringify(answers, (_, value) => (typeof value === "bigint" ? String(value) : value)));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
