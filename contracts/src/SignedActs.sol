// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {ISignedActs} from "./interfaces/ISignedActs.sol";

abstract contract SignedActs is ISignedActs, EIP712 {
    /// @inheritdoc ISignedActs
    bytes32 public immutable genesisHash;

    constructor(string memory name, bytes32 genesis) EIP712(name, "1") {
        genesisHash = genesis;
    }

    /// @dev Reverts unless `signer` signed the struct and the deadline has not passed. OpenZeppelin refuses high s.
    function _requireSigned(bytes32 id, address signer, bytes32 structHash, uint64 deadlineUnixS, bytes32 r, bytes32 vs)
        internal
        view
    {
        require(block.timestamp <= deadlineUnixS, SignedActsExpired(id, deadlineUnixS));
        (address recovered,,) = ECDSA.tryRecover(_hashTypedDataV4(structHash), r, vs);
        require(recovered != address(0) && recovered == signer, SignedActsWrongSigner(id, recovered, signer));
    }
}
