// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {
    Code,
    DonationId,
    EntitlementId,
    FundId,
    OrganisationId,
    RedemptionId,
    ServiceId
} from "contracts/src/types/Ids.sol";

/// @notice What people sign, hashed from the EIP-712 texts alone: the contracts' own hashing is not used.
library TypedData {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    struct Domain {
        string name;
        uint256 chainId;
        address verifyingContract;
    }

    function digest(Domain memory domain, bytes32 structHash) internal pure returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(DOMAIN, keccak256(bytes(domain.name)), keccak256("1"), domain.chainId, domain.verifyingContract)
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function acceptance(
        address household,
        EntitlementId entitlement,
        uint64 amountMinor,
        Code unit,
        bytes32 genesisHash,
        uint64 deadlineUnixS
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Acceptance(address household,bytes32 entitlement,uint64 amountMinor,bytes32 unit,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                household,
                entitlement,
                amountMinor,
                unit,
                genesisHash,
                deadlineUnixS
            )
        );
    }

    function refusal(
        address household,
        EntitlementId entitlement,
        Code reason,
        bytes32 genesisHash,
        uint64 deadlineUnixS
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Refusal(address household,bytes32 entitlement,bytes32 reason,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                household,
                entitlement,
                reason,
                genesisHash,
                deadlineUnixS
            )
        );
    }

    function serviceReceived(
        address receiver,
        ServiceId service,
        address volunteer,
        Code kind,
        uint32 serviceMinutes,
        uint64 servedAtUnixS,
        bytes32 genesisHash,
        uint64 deadlineUnixS
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "ServiceReceived(address receiver,bytes32 service,address volunteer,bytes32 kind,uint32 serviceMinutes,uint64 servedAtUnixS,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                receiver,
                service,
                volunteer,
                kind,
                serviceMinutes,
                servedAtUnixS,
                genesisHash,
                deadlineUnixS
            )
        );
    }

    function reserveChoice(
        address volunteer,
        ServiceId service,
        uint8 reserve,
        bytes32 genesisHash,
        uint64 deadlineUnixS
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "ReserveChoice(address volunteer,bytes32 service,uint8 reserve,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                volunteer,
                service,
                reserve,
                genesisHash,
                deadlineUnixS
            )
        );
    }

    function redemption(
        address volunteer,
        RedemptionId id,
        OrganisationId organisation,
        uint64 amountMinutes,
        bytes32 genesisHash,
        uint64 deadlineUnixS
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "Redemption(address volunteer,bytes32 redemption,bytes32 organisation,uint64 amountMinutes,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                volunteer,
                id,
                organisation,
                amountMinutes,
                genesisHash,
                deadlineUnixS
            )
        );
    }

    function minutesGift(
        address volunteer,
        DonationId donation,
        FundId fund,
        uint64 amountMinutes,
        bytes32 commitment,
        bytes32 genesisHash,
        uint64 deadlineUnixS
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "MinutesGift(address volunteer,bytes32 donation,bytes32 fund,uint64 amountMinutes,bytes32 commitment,bytes32 genesisHash,uint64 deadlineUnixS)"
                ),
                volunteer,
                donation,
                fund,
                amountMinutes,
                commitment,
                genesisHash,
                deadlineUnixS
            )
        );
    }
}
