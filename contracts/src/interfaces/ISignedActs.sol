// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

/// @title Acts proven by a person's signature (EIP-712; EIP-2098 compact form; EIP-2 low s only).
interface ISignedActs {
    /// @notice The signature's deadline has passed.
    /// @custom:field deadlineUnixS
    /// @custom:remedy have the person sign again with a later deadline
    /// @custom:retry no
    error SignedActsExpired(bytes32 id, uint64 deadlineUnixS);
    /// @notice The signature is not this person's: another key, or other content, chain or contract than signed.
    /// @custom:field signature
    /// @custom:remedy have the holder of the expected key sign exactly this record
    /// @custom:retry no
    error SignedActsWrongSigner(bytes32 id, address recovered, address expected);

    /// @notice Block 0's hash, part of every signed struct: private chains share chain ids.
    function genesisHash() external view returns (bytes32);
}
