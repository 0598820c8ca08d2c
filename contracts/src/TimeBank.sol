// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {IFundLedger} from "./interfaces/IFundLedger.sol";
import {IHouseholdRegistry} from "./interfaces/IHouseholdRegistry.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {ITimeBank} from "./interfaces/ITimeBank.sol";
import {SignedActs} from "./SignedActs.sol";
import {Code, DonationId, HeirNamingId, MINUTES, OrganisationId, RedemptionId, ServiceId} from "./types/Ids.sol";
import {Roles} from "./types/Roles.sol";

contract TimeBank is ITimeBank, ERC20, SignedActs {
    uint32 private constant MINUTES_A_DAY = 1440;
    uint64 private constant BEQUEST_WAIT_S = 30 days;
    Code private constant CHANNEL = Code.wrap("time-bank");
    Code private constant FORM = Code.wrap("service");

    bytes32 private constant SERVICE_RECEIVED = keccak256(
        "ServiceReceived(address receiver,bytes32 service,address volunteer,bytes32 kind,uint32 serviceMinutes,uint64 servedAtUnixS,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant RESERVE_CHOICE = keccak256(
        "ReserveChoice(address volunteer,bytes32 service,uint8 reserve,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant REDEMPTION = keccak256(
        "Redemption(address volunteer,bytes32 redemption,bytes32 organisation,uint64 amountMinutes,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant MINUTES_GIFT = keccak256(
        "MinutesGift(address volunteer,bytes32 donation,bytes32 fund,uint64 amountMinutes,bytes32 commitment,bytes32 genesisHash,uint64 deadlineUnixS)"
    );
    bytes32 private constant HEIR_NAMING =
        keccak256("HeirNaming(address volunteer,bytes32 naming,address heir,bytes32 genesisHash,uint64 deadlineUnixS)");

    ILicenceRegistry private immutable LICENCES;
    IHouseholdRegistry private immutable HOUSEHOLDS;
    IFundLedger private immutable FUND_LEDGER;

    mapping(ServiceId id => Service) private _service;
    mapping(bytes32 id => bool) private _done;
    mapping(address account => bool) private _member;
    mapping(address account => uint256) private _goodCoins;
    mapping(address volunteer => address) private _heir;
    mapping(address volunteer => Bequest) private _bequest;
    // A service refers to its organisation by number, so that it fits one slot. Number 0 is nobody's.
    mapping(OrganisationId organisation => uint24) private _organisationNumber;
    mapping(uint24 organisationNumber => uint64) private _pledgedBy;
    uint24 private _organisations;
    uint64 private _pledged;
    uint64 private _issued;
    uint64 private _redeemed;

    constructor(ILicenceRegistry licences, IHouseholdRegistry households, IFundLedger fundLedger, bytes32 genesis)
        ERC20("Amanat minutes", "MIN")
        SignedActs("Amanat TimeBank", genesis)
    {
        LICENCES = licences;
        HOUSEHOLDS = households;
        FUND_LEDGER = fundLedger;
    }

    /// @inheritdoc ITimeBank
    function confirmServices(OrganisationId organisation, ServiceEntry[] calldata entries) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.COORDINATOR);
        uint24 number = _numberOf(organisation);
        uint64 before = _pledgedBy[number];
        uint64 pledged = before;
        for (uint256 i = 0; i < entries.length; ++i) {
            pledged += _confirmService(organisation, number, entries[i]);
        }
        uint64 ceiling = LICENCES.issuingCeiling(organisation);
        require(pledged == before || pledged <= ceiling, TimeBankCeilingReached(organisation, pledged, ceiling));
        _pledgedBy[number] = pledged;
        _pledged += pledged - before;
    }

    /// @inheritdoc ITimeBank
    function choose(SignedChoice[] calldata choices) external {
        for (uint256 i = 0; i < choices.length; ++i) {
            _choose(choices[i]);
        }
    }

    /// @inheritdoc ITimeBank
    function redeem(OrganisationId organisation, SignedRedemption[] calldata redemptions) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.COORDINATOR);
        for (uint256 i = 0; i < redemptions.length; ++i) {
            _redeem(organisation, redemptions[i]);
        }
    }

    /// @inheritdoc ITimeBank
    function give(SignedMinutesGift[] calldata gifts) external {
        for (uint256 i = 0; i < gifts.length; ++i) {
            _give(gifts[i]);
        }
    }

    /// @inheritdoc ITimeBank
    function deliver(uint64 amountMinutes) external {
        require(msg.sender == address(FUND_LEDGER), TimeBankNotFundLedger(msg.sender));
        _redeemed += amountMinutes;
        _burn(address(FUND_LEDGER), amountMinutes);
        emit MinutesDelivered(amountMinutes);
    }

    /// @inheritdoc ITimeBank
    function takeBack(uint64 amountMinutes) external {
        require(msg.sender == address(FUND_LEDGER), TimeBankNotFundLedger(msg.sender));
        _redeemed -= amountMinutes;
        _mint(address(FUND_LEDGER), amountMinutes);
        emit MinutesTakenBack(amountMinutes);
    }

    /// @inheritdoc ITimeBank
    function nameHeirs(SignedHeirNaming[] calldata namings) external {
        for (uint256 i = 0; i < namings.length; ++i) {
            _nameHeir(namings[i]);
        }
    }

    /// @inheritdoc ITimeBank
    function openBequest(OrganisationId organisation, address volunteer) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.COORDINATOR);
        require(_heir[volunteer] != address(0), TimeBankNoHeir(volunteer));
        if (_bequest[volunteer].passesAtUnixS != 0) return;
        uint64 passesAtUnixS = uint64(block.timestamp) + BEQUEST_WAIT_S;
        _bequest[volunteer] = Bequest(msg.sender, passesAtUnixS);
        emit BequestOpened(volunteer, organisation, msg.sender, passesAtUnixS);
    }

    /// @inheritdoc ITimeBank
    function passBequest(OrganisationId organisation, address volunteer) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.COORDINATOR);
        Bequest memory bequest = _bequest[volunteer];
        require(
            bequest.passesAtUnixS != 0 && block.timestamp >= bequest.passesAtUnixS,
            TimeBankBequestNotDue(volunteer, bequest.passesAtUnixS)
        );
        require(bequest.openedBy != msg.sender, TimeBankSecondCoordinatorNeeded(msg.sender));
        address heir = _heir[volunteer];
        uint256 amountMinutes = balanceOf(volunteer);
        delete _bequest[volunteer];
        _member[heir] = true;
        _transfer(volunteer, heir, amountMinutes);
        emit BequestPassed(volunteer, heir, organisation, amountMinutes);
    }

    /// @dev Minutes are never sold: without allowances no market can move them.
    function approve(address, uint256) public pure override returns (bool) {
        revert TimeBankNoAllowances();
    }

    /// @dev Minutes move among members only; to a fund they go by `give`.
    function transfer(address to, uint256 amountMinutes) public override returns (bool) {
        require(_member[to], TimeBankNotMember(to));
        return super.transfer(to, amountMinutes);
    }

    /// @dev Without allowances there is nothing to move.
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        revert TimeBankNoAllowances();
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 0;
    }

    /// @inheritdoc ITimeBank
    function serviceOf(ServiceId service) external view returns (Service memory) {
        return _service[service];
    }

    /// @inheritdoc ITimeBank
    function isMember(address account) external view returns (bool) {
        return _member[account];
    }

    /// @inheritdoc ITimeBank
    function goodCoinsOf(address account) external view returns (uint256) {
        return _goodCoins[account];
    }

    /// @inheritdoc ITimeBank
    function issuedMinutes() external view returns (uint256) {
        return _issued;
    }

    /// @inheritdoc ITimeBank
    function redeemedMinutes() external view returns (uint256) {
        return _redeemed;
    }

    /// @inheritdoc ITimeBank
    function liabilityMinutes() external view returns (uint256) {
        return _pledged - _redeemed;
    }

    /// @inheritdoc ITimeBank
    function pledgedMinutes(OrganisationId organisation) external view returns (uint64) {
        return _pledgedBy[_organisationNumber[organisation]];
    }

    /// @inheritdoc ITimeBank
    function heirOf(address volunteer) external view returns (address) {
        return _heir[volunteer];
    }

    /// @inheritdoc ITimeBank
    function bequestOf(address volunteer) external view returns (Bequest memory) {
        return _bequest[volunteer];
    }

    /// @dev A volunteer who moves minutes is alive.
    function _update(address from, address to, uint256 amountMinutes) internal override {
        if (from != address(0)) _stopBequest(from);
        super._update(from, to, amountMinutes);
    }

    function _stopBequest(address volunteer) private {
        if (_bequest[volunteer].passesAtUnixS == 0) return;
        delete _bequest[volunteer];
        emit BequestStopped(volunteer);
    }

    function _nameHeir(SignedHeirNaming calldata n) private {
        bytes32 id = HeirNamingId.unwrap(n.id);
        require(id != 0, TimeBankMissing("id"));
        require(!_done[id], TimeBankAlreadyDone(id));
        require(n.volunteer != n.heir && n.heir != address(FUND_LEDGER), TimeBankBadHeir(n.volunteer, n.heir));
        bytes32 structHash = keccak256(abi.encode(HEIR_NAMING, n.volunteer, id, n.heir, genesisHash, n.deadlineUnixS));
        _requireSigned(id, n.volunteer, structHash, n.deadlineUnixS, n.r, n.vs);
        _done[id] = true;
        _heir[n.volunteer] = n.heir;
        _stopBequest(n.volunteer);
        emit HeirNamed(n.id, n.volunteer, n.heir);
    }

    /// @dev The number of an organisation, given at its first service.
    function _numberOf(OrganisationId organisation) private returns (uint24 number) {
        number = _organisationNumber[organisation];
        if (number != 0) return number;
        number = ++_organisations;
        _organisationNumber[organisation] = number;
    }

    /// @return pledged Minutes newly confirmed; zero when this very act is recorded already.
    function _confirmService(OrganisationId organisation, uint24 number, ServiceEntry calldata e)
        private
        returns (uint64 pledged)
    {
        bytes32 id = ServiceId.unwrap(e.id);
        require(id != 0, TimeBankMissing("service"));
        require(e.volunteer != address(0), TimeBankMissing("volunteer"));
        require(Code.unwrap(e.kind) != 0, TimeBankMissing("kind"));
        require(e.serviceMinutes != 0 && e.serviceMinutes <= MINUTES_A_DAY, TimeBankBadMinutes(id, e.serviceMinutes));
        bytes32 structHash = keccak256(
            abi.encode(
                SERVICE_RECEIVED,
                e.receiver,
                id,
                e.volunteer,
                e.kind,
                e.serviceMinutes,
                e.servedAtUnixS,
                genesisHash,
                e.deadlineUnixS
            )
        );
        uint48 digest = uint48(bytes6(keccak256(abi.encode(organisation, structHash))));
        Service storage known = _service[e.id];
        if (known.volunteer != address(0)) {
            require(known.digest == digest, TimeBankConflict(id));
            return 0;
        }
        require(e.servedAtUnixS <= block.timestamp, TimeBankNotYetServed(e.id, e.servedAtUnixS));
        require(e.volunteer != address(FUND_LEDGER), TimeBankBadVolunteer(e.id, e.volunteer));
        address key = HOUSEHOLDS.householdOf(e.receiver).key;
        require(e.volunteer != e.receiver && e.volunteer != key, TimeBankOwnService(e.id, e.volunteer));
        _requireSigned(id, key, structHash, e.deadlineUnixS, e.r, e.vs);
        _service[e.id] = Service(e.volunteer, uint16(e.serviceMinutes), Reserve.None, number, digest);
        _member[e.volunteer] = true;
        emit ServiceConfirmed(
            e.id, organisation, e.volunteer, e.receiver, msg.sender, e.kind, e.serviceMinutes, e.servedAtUnixS
        );
        return e.serviceMinutes;
    }

    function _choose(SignedChoice calldata choice) private {
        Service storage service = _service[choice.id];
        address volunteer = service.volunteer;
        require(volunteer != address(0), TimeBankUnknownService(choice.id));
        require(choice.reserve != Reserve.None, TimeBankNoReserve(choice.id));
        require(service.reserve == Reserve.None, TimeBankAlreadyChosen(choice.id, service.reserve));
        bytes32 id = ServiceId.unwrap(choice.id);
        bytes32 structHash =
            keccak256(abi.encode(RESERVE_CHOICE, volunteer, id, choice.reserve, genesisHash, choice.deadlineUnixS));
        _requireSigned(id, volunteer, structHash, choice.deadlineUnixS, choice.r, choice.vs);
        service.reserve = choice.reserve;
        _stopBequest(volunteer);
        uint64 amount = 1;
        if (choice.reserve == Reserve.Minutes) {
            amount = service.serviceMinutes;
            _issued += amount;
            _mint(volunteer, amount);
        } else {
            _goodCoins[volunteer] += amount;
            // What became an honour is no promise of future service.
            _pledgedBy[service.organisationNumber] -= service.serviceMinutes;
            _pledged -= service.serviceMinutes;
        }
        emit ReserveChosen(choice.id, volunteer, choice.reserve, amount);
    }

    function _redeem(OrganisationId organisation, SignedRedemption calldata r) private {
        bytes32 id = RedemptionId.unwrap(r.id);
        _requireOnce(id, r.volunteer, r.amountMinutes);
        bytes32 structHash = keccak256(
            abi.encode(REDEMPTION, r.volunteer, id, organisation, r.amountMinutes, genesisHash, r.deadlineUnixS)
        );
        _requireSigned(id, r.volunteer, structHash, r.deadlineUnixS, r.r, r.vs);
        _done[id] = true;
        _redeemed += r.amountMinutes;
        _burn(r.volunteer, r.amountMinutes);
        emit MinutesRedeemed(r.id, organisation, r.volunteer, r.amountMinutes);
    }

    function _give(SignedMinutesGift calldata g) private {
        bytes32 id = DonationId.unwrap(g.id);
        _requireOnce(id, g.volunteer, g.amountMinutes);
        bytes32 structHash = keccak256(
            abi.encode(
                MINUTES_GIFT, g.volunteer, id, g.fund, g.amountMinutes, g.commitment, genesisHash, g.deadlineUnixS
            )
        );
        _requireSigned(id, g.volunteer, structHash, g.deadlineUnixS, g.r, g.vs);
        require(FUND_LEDGER.fundOf(g.fund).unit == MINUTES, TimeBankOtherUnit(g.fund));
        _done[id] = true;
        _transfer(g.volunteer, address(FUND_LEDGER), g.amountMinutes);
        emit MinutesGiven(g.id, g.fund, g.volunteer, g.amountMinutes);
        FUND_LEDGER.donateMinutes(
            g.fund,
            IFundLedger.DonationEntry(
                g.id,
                g.volunteer,
                g.amountMinutes,
                uint64(block.timestamp),
                FORM,
                CHANNEL,
                0,
                Code.wrap(0),
                g.commitment
            )
        );
    }

    function _requireOnce(bytes32 id, address volunteer, uint64 amountMinutes) private view {
        require(id != 0, TimeBankMissing("id"));
        require(amountMinutes != 0, TimeBankBadMinutes(id, amountMinutes));
        require(!_done[id], TimeBankAlreadyDone(id));
        uint256 balance = balanceOf(volunteer);
        require(amountMinutes <= balance, TimeBankNotEnough(volunteer, balance, amountMinutes));
    }
}
