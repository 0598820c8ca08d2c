// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {
    DonationId,
    EntitlementId,
    FundId,
    OrganisationId,
    PaymentListId,
    ProgrammeId
} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Hours} from "../Hours.sol";
import {LineModel} from "./LineModel.sol";

/// @notice What the campaign did, in its own books: whatever the ledger says is compared with these.
abstract contract Ghosts is Hours, LineModel {
    enum Kind {
        Fee,
        Refund,
        Delivery
    }

    struct Gift {
        uint256 fund;
        DonationId id;
        IFundLedger.Donation record;
    }

    /// @dev What left a fund. `subject` is the refunded gift or the delivered entitlement, `continuesAt` as emitted.
    struct Outflow {
        uint256 fund;
        Kind kind;
        bytes32 id;
        uint256 subject;
        uint64 start;
        uint64 amountMinor;
        uint64 continuesAt;
    }

    struct List {
        uint256 fund;
        PaymentListId id;
        IFundLedger.PaymentList record;
    }

    struct Entitled {
        uint256 list;
        EntitlementId id;
        uint256 family;
        uint256 outflow;
        IFundLedger.Entitlement record;
    }

    /// @dev A confirmation as it was emitted, and the key that the family had at that time.
    struct Confirmation {
        uint256 entitled;
        address key;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    struct Period {
        uint64 fromUnixS;
        uint64 untilUnixS;
    }

    /// @dev A call that may be sent again and must then change nothing.
    struct Sent {
        OrganisationId organisation;
        address sender;
        bytes call;
    }

    FundId[5] internal funds = [GENERAL_FUND, FOOD_FUND, ZAKAT_FUND, OTHER_FUND, MINUTES_FUND];
    /// @dev In the order in which they were opened.
    uint32[5] internal fundNumbers = [1, 2, 3, 5, 4];
    uint256 internal constant OF_OTHER_CHARITY = 3;
    uint256 internal constant OF_MINUTES = 4;

    Gift[] internal gifts;
    Outflow[] internal outflows;
    List[] internal lists;
    Entitled[] internal entitled;
    Confirmation[] internal confirmations;
    Sent[] internal sent;
    mapping(uint256 fund => uint64) internal reservedMinor;
    mapping(uint256 fund => uint64) internal feesMinor;
    mapping(uint256 fund => uint64) internal refundedMinor;
    mapping(OrganisationId organisation => Period) internal licensed;

    /// @dev How often each act was done, and how often rightly refused.
    mapping(bytes4 act => uint256) internal done;
    mapping(bytes4 act => uint256) internal refused;
    /// @dev Acts that succeeded or failed against the rules, and one of them.
    uint256 internal surprises;
    bytes4 internal surprisingAct;
    uint256 internal writesWithoutLicence;
    uint256 private _ids;

    function setUp() public virtual override {
        super.setUp();
        licensed[CHARITY] = Period(NOW - 1 days, LICENCE_END);
        licensed[OTHER_CHARITY] = Period(NOW - 1 days, LICENCE_END);
        // The makers may check as well: only the rule about their own lists stands in the way.
        _appoint(charity, charity.maker, Roles.MAKER | Roles.CHECKER);
        _appoint(otherCharity, otherCharity.maker, Roles.MAKER | Roles.CHECKER);
    }

    /// @dev After a surprise the campaign stands still: the invariants then look at what the ledger made of it.
    modifier act() {
        if (surprises == 0) _;
    }

    /// @dev Sends the call and notes whether the rules, as the campaign knows them, say that it succeeds.
    /// @return True when it did and should: only then is it booked.
    function _send(OrganisationId organisation, address sender, address to, bytes memory call, bool expected)
        internal
        returns (bool)
    {
        vm.prank(sender);
        (bool ok,) = to.call(call);
        if (ok && !_isLicensed(organisation)) ++writesWithoutLicence;
        return _noted(ok, expected);
    }

    /// @dev An act of anyone, which needs no licence.
    function _sendByAnyone(address to, bytes memory call, bool expected) internal returns (bool) {
        vm.prank(stranger);
        (bool ok,) = to.call(call);
        return _noted(ok, expected);
    }

    function _noted(bool ok, bool expected) internal returns (bool) {
        if (ok != expected) _surprise();
        if (ok) ++done[msg.sig];
        else ++refused[msg.sig];
        return ok && expected;
    }

    function _mayBeSentAgain(OrganisationId organisation, address sender, bytes memory call) internal {
        sent.push(Sent(organisation, sender, call));
    }

    function _isLicensed(OrganisationId organisation) internal view returns (bool) {
        Period storage period = licensed[organisation];
        return period.fromUnixS <= block.timestamp && block.timestamp < period.untilUnixS;
    }

    // --- Of the funds

    function _staff(uint256 fund) internal view returns (Staff storage) {
        return fund == OF_OTHER_CHARITY ? otherCharity : charity;
    }

    function _mayWrite(uint256 fund) internal view returns (bool) {
        return _isLicensed(_staff(fund).organisation);
    }

    /// @dev The programme that the fund's money is for.
    function _programme(uint256 fund) internal view returns (ProgrammeId) {
        if (fund == OF_OTHER_CHARITY) return OTHER_FOOD;
        return funds[fund] == ZAKAT_FUND ? ZAKAT_AID : FOOD;
    }

    function _free(uint256 fund) internal view returns (uint64) {
        return uint64(lines[fund].unitAt.length - lines[fund].left) - reservedMinor[fund];
    }

    /// @dev Some fund with free units if there is any, searched from a random one on.
    function _fundWithFreeUnits(uint256 seed) internal view returns (bool found, uint256 fund) {
        for (uint256 i = 0; i < funds.length; ++i) {
            fund = addmod(seed, i, funds.length);
            if (_free(fund) > 0) return (true, fund);
        }
    }

    // --- Of the entitlements

    /// @dev Some entitlement in this state on a list in this state, searched from a random one on.
    function _findEntitled(uint256 seed, IFundLedger.EntitlementState state, IFundLedger.ListState listState)
        internal
        view
        returns (bool found, uint256 index)
    {
        for (uint256 i = 0; i < entitled.length; ++i) {
            index = addmod(seed, i, entitled.length);
            if (entitled[index].record.state == state && lists[entitled[index].list].record.state == listState) {
                return (true, index);
            }
        }
    }

    function _surprise() internal {
        ++surprises;
        surprisingAct = msg.sig;
    }

    function _between(uint256 seed, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + seed % (most - least + 1);
    }

    function _newId() internal returns (bytes32) {
        return keccak256(abi.encode("id", ++_ids));
    }
}
