// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Code, DonationId, FundId, HeirNamingId, OrganisationId, RedemptionId, ServiceId} from "../types/Ids.sol";

/// @title Volunteers' hours: redeemable minutes (worldly reserve) or good coins (spiritual reserve) (systems T05, T06).
/// @notice Minutes are an ERC-20 with 0 decimals that moves among members only and never expires. Supply = issued -
/// redeemed (I10). A good coin is a mark of honour and never moves.
interface ITimeBank {
    /// @notice What a volunteer keeps of an act.
    enum Reserve {
        None,
        Minutes,
        GoodCoin
    }

    /// @notice One act, signed by the household that received it: EIP-712 `ServiceReceived`.
    struct ServiceEntry {
        ServiceId id;
        address volunteer;
        /// @dev The receiving household's account.
        address receiver;
        /// @dev What was done, e.g. "general", "medical", "teaching".
        Code kind;
        uint32 serviceMinutes;
        uint64 servedAtUnixS;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A confirmed act.
    struct Service {
        address volunteer;
        uint16 serviceMinutes;
        Reserve reserve;
        /// @dev The body that confirmed it, by its number here.
        uint24 organisationNumber;
        /// @dev First 48 bits of the hash of the entry: tells a repeated record from a conflicting one.
        uint48 digest;
    }

    /// @notice The volunteer's choice, once per act: EIP-712 `ReserveChoice`.
    struct SignedChoice {
        ServiceId id;
        Reserve reserve;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The volunteer draws a service for minutes: EIP-712 `Redemption`.
    struct SignedRedemption {
        RedemptionId id;
        address volunteer;
        uint64 amountMinutes;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The volunteer gives minutes to a fund in unit MIN: EIP-712 `MinutesGift`.
    struct SignedMinutesGift {
        DonationId id;
        FundId fund;
        address volunteer;
        uint64 amountMinutes;
        uint64 deadlineUnixS;
        bytes32 commitment;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice To whom the volunteer's minutes go one day: EIP-712 `HeirNaming`. A new naming replaces the last.
    struct SignedHeirNaming {
        HeirNamingId id;
        address volunteer;
        /// @dev Zero for nobody.
        address heir;
        uint64 deadlineUnixS;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A coordinator's report that a volunteer's minutes are to pass to the heir.
    struct Bequest {
        address openedBy;
        /// @dev First second at which another coordinator may pass them on; zero when none is open.
        uint64 passesAtUnixS;
    }

    event ServiceConfirmed(
        ServiceId indexed service,
        OrganisationId indexed organisation,
        address indexed volunteer,
        address receiver,
        address coordinator,
        Code kind,
        uint32 serviceMinutes,
        uint64 servedAtUnixS
    );
    /// @notice The act was credited: `amount` minutes, or one good coin.
    event ReserveChosen(ServiceId indexed service, address indexed volunteer, Reserve reserve, uint64 amount);
    /// @notice Minutes were used for a service and are gone.
    event MinutesRedeemed(
        RedemptionId indexed redemption,
        OrganisationId indexed organisation,
        address indexed volunteer,
        uint64 amountMinutes
    );
    /// @notice Minutes moved from a volunteer to the fund ledger's keeping.
    event MinutesGiven(
        DonationId indexed donation, FundId indexed fund, address indexed volunteer, uint64 amountMinutes
    );
    /// @notice Minutes kept by the fund ledger were used for a delivery and are gone.
    event MinutesDelivered(uint64 amountMinutes);
    /// @notice Minutes of a delivery that came back are kept by the fund ledger again.
    event MinutesTakenBack(uint64 amountMinutes);
    event HeirNamed(HeirNamingId indexed naming, address indexed volunteer, address indexed heir);
    event BequestOpened(
        address indexed volunteer,
        OrganisationId indexed organisation,
        address indexed coordinator,
        uint64 passesAtUnixS
    );
    /// @notice The volunteer is alive: minutes moved by the own key, or the heir was named anew.
    event BequestStopped(address indexed volunteer);
    event BequestPassed(
        address indexed volunteer, address indexed heir, OrganisationId indexed organisation, uint256 amountMinutes
    );

    /// @notice A value that must be given is zero; `field` names it.
    /// @custom:field field
    /// @custom:remedy give a value that is not zero
    /// @custom:retry no
    error TimeBankMissing(bytes32 field);
    /// @notice The id is taken by a different record.
    /// @custom:field id
    /// @custom:remedy make a new id for a new fact; send the same record again only unchanged
    /// @custom:retry no
    error TimeBankConflict(bytes32 id);
    /// @notice From 1 to 1,440 minutes an act; at least 1 a redemption or gift.
    /// @custom:field minutes
    /// @custom:remedy give a number of minutes in this range
    /// @custom:retry no
    error TimeBankBadMinutes(bytes32 id, uint64 amountMinutes);
    /// @notice The act lies in the future.
    /// @custom:field servedAtUnixS
    /// @custom:remedy confirm the act after it was done
    /// @custom:retry yes
    error TimeBankNotYetServed(ServiceId service, uint64 servedAtUnixS);
    /// @notice Volunteer and receiver are the same.
    /// @custom:field receiver
    /// @custom:remedy name the household that received the service
    /// @custom:retry no
    error TimeBankOwnService(ServiceId service, address account);
    /// @notice The fund ledger keeps minutes for its funds and serves nobody itself.
    /// @custom:field volunteer
    /// @custom:remedy name the volunteer's own account
    /// @custom:retry no
    error TimeBankBadVolunteer(ServiceId service, address volunteer);
    /// @notice There is no confirmed act with this id.
    /// @custom:field service
    /// @custom:remedy confirm the act first, or correct its id
    /// @custom:retry yes
    error TimeBankUnknownService(ServiceId service);
    /// @notice The act was credited already (I10).
    /// @custom:field service
    /// @custom:remedy nothing: one act is credited once
    /// @custom:retry no
    error TimeBankAlreadyChosen(ServiceId service, Reserve reserve);
    /// @notice The volunteer chose neither minutes nor a good coin.
    /// @custom:field reserve
    /// @custom:remedy choose minutes or a good coin
    /// @custom:retry no
    error TimeBankNoReserve(ServiceId service);
    /// @notice The redemption or gift was carried out already.
    /// @custom:field id
    /// @custom:remedy nothing: it is done; make a new id for another one
    /// @custom:retry no
    error TimeBankAlreadyDone(bytes32 id);
    /// @notice The volunteer holds fewer minutes.
    /// @custom:field minutes
    /// @custom:remedy ask for at most the balance
    /// @custom:retry no
    error TimeBankNotEnough(address volunteer, uint256 balanceMinutes, uint64 askedMinutes);
    /// @notice Minutes move among members only.
    /// @custom:field to
    /// @custom:remedy name a volunteer with a confirmed service
    /// @custom:retry no
    error TimeBankNotMember(address account);
    /// @notice Minutes are never sold: nobody may move another's minutes.
    /// @custom:field spender
    /// @custom:remedy the volunteer moves the minutes
    /// @custom:retry no
    error TimeBankNoAllowances();
    /// @notice The fund does not hold minutes.
    /// @custom:field fund
    /// @custom:remedy name a fund whose unit is MIN
    /// @custom:retry no
    error TimeBankOtherUnit(FundId fund);
    /// @notice Only the fund ledger may deliver minutes.
    /// @custom:field caller
    /// @custom:remedy hand over an entitlement of a fund in minutes
    /// @custom:retry no
    error TimeBankNotFundLedger(address caller);

    /// @notice The organisation would confirm more minutes than the regulator lets it promise (system T05).
    /// @custom:field minutes
    /// @custom:remedy ask the regulator for a higher ceiling
    /// @custom:retry yes
    error TimeBankCeilingReached(OrganisationId organisation, uint64 pledgedMinutes, uint64 ceilingMinutes);
    /// @notice The volunteer has named no heir.
    /// @custom:field volunteer
    /// @custom:remedy nothing: minutes without an heir stay where they are
    /// @custom:retry no
    error TimeBankNoHeir(address volunteer);
    /// @notice A volunteer cannot be the own heir, and the fund ledger cannot inherit.
    /// @custom:field heir
    /// @custom:remedy name another person's account, or zero for nobody
    /// @custom:retry no
    error TimeBankBadHeir(address volunteer, address heir);
    /// @notice No bequest of this volunteer is open, or not long enough.
    /// @custom:field volunteer
    /// @custom:remedy open the bequest and wait until it may pass
    /// @custom:retry yes
    error TimeBankBequestNotDue(address volunteer, uint64 passesAtUnixS);
    /// @notice Another coordinator opened and another passes a bequest.
    /// @custom:field caller
    /// @custom:remedy have a second coordinator pass it
    /// @custom:retry no
    error TimeBankSecondCoordinatorNeeded(address caller);

    /// @notice Records acts that receiver and coordinator confirm. Caller: COORDINATOR of `organisation`.
    function confirmServices(OrganisationId organisation, ServiceEntry[] calldata entries) external;

    /// @notice Credits acts as their volunteers chose, once each. Caller: anyone.
    function choose(SignedChoice[] calldata choices) external;

    /// @notice Burns minutes for a service that the organisation provides. Caller: COORDINATOR of `organisation`.
    function redeem(OrganisationId organisation, SignedRedemption[] calldata redemptions) external;

    /// @notice Gives minutes to funds in unit MIN; each becomes a donation. Caller: anyone.
    function give(SignedMinutesGift[] calldata gifts) external;

    /// @notice Burns minutes that left a fund in a delivery. Caller: the fund ledger.
    function deliver(uint64 amountMinutes) external;

    /// @notice Restores minutes of a delivery that came back. Caller: the fund ledger.
    function takeBack(uint64 amountMinutes) external;

    /// @notice Records volunteers' heirs. Caller: anyone.
    function nameHeirs(SignedHeirNaming[] calldata namings) external;

    /// @notice Reports that a volunteer's minutes are to pass on, 30 days from now unless the volunteer acts. Caller:
    /// COORDINATOR.
    function openBequest(OrganisationId organisation, address volunteer) external;

    /// @notice Moves all minutes of the volunteer to the heir. Caller: another COORDINATOR.
    function passBequest(OrganisationId organisation, address volunteer) external;

    function serviceOf(ServiceId service) external view returns (Service memory);
    function isMember(address account) external view returns (bool);
    function goodCoinsOf(address account) external view returns (uint256);
    function issuedMinutes() external view returns (uint256);
    function redeemedMinutes() external view returns (uint256);
    /// @notice Minutes that members hold or may still choose: what volunteers can ask back one day.
    function liabilityMinutes() external view returns (uint256);
    /// @notice Minutes that the body confirmed, without those whose volunteer chose a good coin.
    function pledgedMinutes(OrganisationId organisation) external view returns (uint64);
    function heirOf(address volunteer) external view returns (address);
    function bequestOf(address volunteer) external view returns (Bequest memory);
}
