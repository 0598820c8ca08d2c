// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IFundLedger} from "contracts/src/interfaces/IFundLedger.sol";
import {IHouseholdRegistry} from "contracts/src/interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "contracts/src/interfaces/ILicenceRegistry.sol";
import {IProgrammeRegistry} from "contracts/src/interfaces/IProgrammeRegistry.sol";
import {Code, FundId, MINUTES, OrganisationId, ProgrammeId} from "contracts/src/types/Ids.sol";
import {Roles} from "contracts/src/types/Roles.sol";

import {Hours} from "../Hours.sol";
import {CardTree} from "./CardTree.sol";

/// @notice The world of the campaigns: two charities below a province, ten funds that differ in one restriction each,
/// and what each fund's money may be used for, written down by hand beside the contracts' rules.
abstract contract World is Hours {
    struct Period {
        uint64 fromUnixS;
        uint64 untilUnixS;
        bool suspended;
    }

    /// @dev Somebody who may witness a delivery for a body.
    struct Witness {
        OrganisationId organisation;
        address account;
        uint256 key;
    }

    OrganisationId internal constant PROVINCE = OrganisationId.wrap("province");
    /// @dev For households of one season, with so many places in each area; of the winter campaign.
    ProgrammeId internal constant WINTER = ProgrammeId.wrap("winter");
    Code internal constant WINTER_CAMPAIGN = Code.wrap("winter campaign");
    uint64 internal constant WINTER_WINDOW_S = 2 days;
    Code internal constant NORTH = Code.wrap("IR-23");
    Code internal constant SOUTH = Code.wrap("IR-07");
    Code internal constant LAST_SEASON = Code.wrap("last season");
    uint64 internal constant RELEASE = NOW + 4 days;
    /// @dev Above these the charity's lists and transfers need two checkers.
    uint64 internal constant THRESHOLD = 6;
    uint64 internal constant THRESHOLD_MINUTES = 5;
    /// @dev Most minutes that the charity may have confirmed.
    uint64 internal constant CEILING = 100;

    // Funds, in the order in which they are opened: a fund's number in the ledger is one more.
    uint256 internal constant FOR_ANYTHING = 0;
    uint256 internal constant FOR_FOOD = 1;
    uint256 internal constant FOR_ZAKAT = 2;
    uint256 internal constant OF_MINUTES = 3;
    uint256 internal constant OF_OTHER = 4;
    uint256 internal constant FOR_CAMPAIGN = 5;
    uint256 internal constant FOR_PLACE = 6;
    uint256 internal constant LOCKED = 7;
    uint256 internal constant OTHER_MINUTES = 8;
    uint256 internal constant FOOD_MINUTES = 9;
    FundId[10] internal funds = [
        GENERAL_FUND,
        FOOD_FUND,
        ZAKAT_FUND,
        MINUTES_FUND,
        OTHER_FUND,
        FundId.wrap("campaign fund"),
        FundId.wrap("fund of a place"),
        FundId.wrap("locked fund"),
        FundId.wrap("other fund of minutes"),
        FundId.wrap("minutes for food")
    ];
    Code[3] internal places = [Code.wrap("IR-23-01"), Code.wrap("IR-23-02"), SOUTH];
    Code[2] internal seasons = [Code.wrap("1405-winter"), Code.wrap("1406-winter")];

    Staff internal province;
    address internal secondChecker;
    Person[] internal donors;
    Witness[5] internal witnesses;
    mapping(OrganisationId organisation => Period) internal licensed;
    mapping(Code season => mapping(Code place => uint64)) internal quotas;

    function setUp() public virtual override {
        super.setUp();
        province = _establish(PROVINCE, "province");
        _license(CHARITY, NOW - 1 days, LICENCE_END);
        _license(OTHER_CHARITY, NOW - 1 days, LICENCE_END);
        _byTwoKeys(abi.encodeCall(licences.setSecondCheckerThreshold, (CHARITY, RIAL, THRESHOLD)));
        _byTwoKeys(abi.encodeCall(licences.setSecondCheckerThreshold, (CHARITY, MINUTES, THRESHOLD_MINUTES)));
        _byTwoKeys(abi.encodeCall(licences.setIssuingCeiling, (CHARITY, CEILING)));
        _giveKeysTwoRoles();
        _openWinter();
        _openRestrictedFunds();
        _meetPeople();
    }

    /// @dev The charities stand below the province, and the other charity works in the north only.
    function _license(OrganisationId organisation, uint64 from, uint64 until) internal {
        address administrator = _staffOf(organisation).administrator;
        ILicenceRegistry.LicenceGrant memory grant = _fullGrant(organisation, administrator, from, until);
        grant.supervisor = PROVINCE;
        if (organisation == OTHER_CHARITY) grant.area = NORTH;
        _grantLicence(grant);
        (licensed[organisation].fromUnixS, licensed[organisation].untilUnixS) = (from, until);
    }

    // --- What is open to whom, in words

    function _staffOf(OrganisationId organisation) internal view returns (Staff storage) {
        return organisation == CHARITY ? charity : otherCharity;
    }

    function _ownerOf(uint256 fund) internal pure returns (OrganisationId) {
        return fund == OF_OTHER || fund == LOCKED || fund == OTHER_MINUTES ? OTHER_CHARITY : CHARITY;
    }

    function _staff(uint256 fund) internal view returns (Staff storage) {
        return _staffOf(_ownerOf(fund));
    }

    function _holdsMinutes(uint256 fund) internal pure returns (bool) {
        return fund == OF_MINUTES || fund == OTHER_MINUTES || fund == FOOD_MINUTES;
    }

    /// @dev Registrar body and province are licensed throughout.
    function _isLicensed(OrganisationId organisation) internal view returns (bool) {
        if (organisation == PROVINCE || organisation == REGISTRAR_BODY || organisation == NO_BODY) return true;
        Period storage period = licensed[organisation];
        return period.fromUnixS <= block.timestamp && block.timestamp < period.untilUnixS && !period.suspended;
    }

    function _mayWrite(uint256 fund) internal view returns (bool) {
        return _isLicensed(_ownerOf(fund));
    }

    /// @dev What the fund's owner may use its money for, and where.
    function _mayServe(uint256 fund, ProgrammeId programme, Code place) internal pure returns (bool) {
        bool north = !(place == SOUTH);
        if (fund == FOR_FOOD || fund == FOOD_MINUTES) return programme == FOOD;
        if (fund == FOR_ZAKAT) return programme == ZAKAT_AID;
        if (fund == FOR_CAMPAIGN) return programme == WINTER;
        if (fund == FOR_PLACE) return programme == WINTER && north;
        if (fund == LOCKED) return programme == ZAKAT_AID && north;
        if (fund == FOR_ANYTHING || fund == OF_MINUTES) return programme == FOOD || programme == WINTER;
        return (programme == OTHER_FOOD || programme == WINTER) && north;
    }

    /// @dev The other charity is licensed for the north only, and so hands over only there.
    function _worksIn(OrganisationId organisation, Code place) internal pure returns (bool) {
        return organisation == CHARITY || !(place == SOUTH);
    }

    /// @dev Which funds keep what the money of this one was given for, and take no higher fees.
    function _mayTransfer(uint256 from, uint256 to) internal pure returns (bool) {
        if (from == FOR_ANYTHING) return to == FOR_FOOD || to == FOR_CAMPAIGN || to == FOR_PLACE || to == OF_OTHER;
        if (from == OF_OTHER) return to == FOR_FOOD || to == FOR_CAMPAIGN || to == FOR_PLACE || to == FOR_ANYTHING;
        if (from == FOR_ZAKAT) return to == LOCKED;
        if (from == FOR_CAMPAIGN) return to == FOR_PLACE;
        return from == OF_MINUTES && (to == OTHER_MINUTES || to == FOOD_MINUTES);
    }

    /// @dev Whether the owner's lists and transfers of so much need two checkers.
    function _needsTwoCheckers(uint256 fund, uint64 amountMinor) internal pure returns (bool) {
        return _ownerOf(fund) == CHARITY && amountMinor > (_holdsMinutes(fund) ? THRESHOLD_MINUTES : THRESHOLD);
    }

    /// @dev What a gift to this fund was given for, whoever delivers it in the end.
    function _isWish(uint256 fund, ProgrammeId programme, Code place, uint64 handedOverAtUnixS)
        internal
        pure
        returns (bool)
    {
        if (fund == FOR_FOOD || fund == FOOD_MINUTES) return programme == FOOD;
        if (fund == FOR_ZAKAT) return programme == ZAKAT_AID;
        if (fund == LOCKED) return programme == ZAKAT_AID && handedOverAtUnixS >= RELEASE;
        if (fund == FOR_CAMPAIGN) return programme == WINTER;
        if (fund == FOR_PLACE) return programme == WINTER && !(place == SOUTH);
        return !(programme == ZAKAT_AID);
    }

    // --- Setting up

    /// @dev Only the rules about one's own acts then stand in the way.
    function _giveKeysTwoRoles() private {
        _appoint(charity, charity.maker, Roles.MAKER | Roles.CHECKER);
        _appoint(otherCharity, otherCharity.maker, Roles.MAKER | Roles.CHECKER);
        _appoint(charity, charity.agent, Roles.AGENT | Roles.WITNESS);
        _appoint(registrarBody, registrarBody.clearer, Roles.CLEARER | Roles.WITNESS);
        secondChecker = makeAddr("charity's second checker");
        _appoint(charity, secondChecker, Roles.CHECKER);
    }

    function _openWinter() private {
        IProgrammeRegistry.ProgrammeOpening memory opening = _plainProgramme(charity, WINTER);
        (opening.campaign, opening.seasonal, opening.quotas) = (WINTER_CAMPAIGN, true, true);
        opening.disputeWindowS = WINTER_WINDOW_S;
        _openProgramme(charity, opening, SADAQAT);
        OrganisationId[] memory others = new OrganisationId[](1);
        others[0] = OTHER_CHARITY;
        vm.startPrank(charity.administrator);
        programmes.admitImplementers(WINTER, others);
        programmes.admitImplementers(ZAKAT_AID, others);
        vm.stopPrank();
        for (uint256 p = 0; p < places.length; ++p) {
            _setQuota(seasons[0], places[p], uint64(2 + p));
            _setQuota(seasons[1], places[p], 3);
            _setQuota(LAST_SEASON, places[p], 1000);
        }
    }

    function _setQuota(Code season, Code place, uint64 most) private {
        vm.prank(charity.administrator);
        programmes.setQuota(WINTER, season, place, most);
        quotas[season][place] = most;
    }

    function _openRestrictedFunds() private {
        IFundLedger.FundOpening memory o = _plainFund(charity, funds[FOR_CAMPAIGN], RIAL, SADAQAT, NO_PROGRAMME);
        o.campaign = WINTER_CAMPAIGN;
        _openFund(charity, o);
        (o.id, o.place) = (funds[FOR_PLACE], NORTH);
        _openFund(charity, o);
        o = _plainFund(otherCharity, funds[LOCKED], RIAL, ZAKAT, NO_PROGRAMME);
        o.releaseAtUnixS = RELEASE;
        _openFund(otherCharity, o);
        o = _plainFund(otherCharity, funds[OTHER_MINUTES], MINUTES, SADAQAT, NO_PROGRAMME);
        o.feeCapBps = 0;
        _openFund(otherCharity, o);
        _openFund(charity, funds[FOOD_MINUTES], MINUTES, SADAQAT, FOOD);
    }

    function _meetPeople() private {
        for (uint256 i = 0; i < 4; ++i) {
            donors.push(_person("donor", i));
        }
        witnesses[0] = _witness(REGISTRAR_BODY, "registrar's witness");
        witnesses[1] = _witness(PROVINCE, "province's witness");
        witnesses[2] = _witness(OTHER_CHARITY, "other charity's witness");
        witnesses[3] = _witness(CHARITY, "charity's agent");
        witnesses[4] = _witness(REGISTRAR_BODY, "registrar's clearer");
        uint256 known = families.length;
        IHouseholdRegistry.Opening[] memory openings = new IHouseholdRegistry.Opening[](4);
        for (uint256 i = 0; i < openings.length; ++i) {
            families.push(_person("family", known + i));
            openings[i] = IHouseholdRegistry.Opening(families[known + i].account, families[known + i].signer, 0);
        }
        vm.startPrank(registrarBody.registrar);
        households.open(REGISTRAR_BODY, openings);
        for (uint256 f = 0; f < families.length; ++f) {
            households.replaceCard(REGISTRAR_BODY, families[f].account, CardTree.root(families[f].account));
        }
        vm.stopPrank();
    }

    function _witness(OrganisationId organisation, string memory name) private returns (Witness memory) {
        (address account, uint256 key) = makeAddrAndKey(name);
        return Witness(organisation, account, key);
    }
}
