// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {IDeliveryLedger} from "./interfaces/IDeliveryLedger.sol";
import {ILicenceRegistry} from "./interfaces/ILicenceRegistry.sol";
import {IServiceOrders} from "./interfaces/IServiceOrders.sol";
import {Code, EntitlementId, OrderId, OrganisationId} from "./types/Ids.sol";
import {Roles} from "./types/Roles.sol";

contract ServiceOrders is IServiceOrders {
    uint64 private constant MAX_AMOUNT = 2 ** 63 - 1;

    ILicenceRegistry private immutable LICENCES;
    IDeliveryLedger private immutable DELIVERY_LEDGER;

    mapping(OrderId id => Order) private _order;
    /// @dev An entitlement pays one share of one order.
    mapping(EntitlementId entitlement => bool) private _linked;

    constructor(ILicenceRegistry licences, IDeliveryLedger deliveryLedger) {
        LICENCES = licences;
        DELIVERY_LEDGER = deliveryLedger;
    }

    /// @inheritdoc IServiceOrders
    function order(OrganisationId organisation, OrderEntry[] calldata orders) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.ORDERER);
        for (uint256 i = 0; i < orders.length; ++i) {
            _place(organisation, orders[i]);
        }
    }

    /// @inheritdoc IServiceOrders
    function linkShares(ShareLink[] calldata links) external {
        for (uint256 i = 0; i < links.length; ++i) {
            _link(links[i]);
        }
    }

    /// @inheritdoc IServiceOrders
    function closeOrders(OrderId[] calldata orders) external {
        for (uint256 i = 0; i < orders.length; ++i) {
            Order storage known = _known(orders[i]);
            if (known.state == OrderState.Closed) continue;
            _requireOpen(orders[i], known);
            _requireConfirmed(orders[i], Share.State, known.stateShareMinor, known.stateEntitlement);
            _requireConfirmed(orders[i], Share.People, known.peopleShareMinor, known.peopleEntitlement);
            known.state = OrderState.Closed;
            emit ServiceOrderClosed(orders[i]);
        }
    }

    /// @inheritdoc IServiceOrders
    function withdrawOrder(OrganisationId organisation, OrderId id, Code reason) external {
        LICENCES.requireRole(organisation, msg.sender, Roles.ORDERER);
        Order storage known = _known(id);
        require(known.orderedBy == organisation, ServiceOrdersNotOrderedBy(id, organisation));
        require(Code.unwrap(reason) != 0, ServiceOrdersMissing("reason"));
        if (known.state == OrderState.Withdrawn) return;
        _requireOpen(id, known);
        known.state = OrderState.Withdrawn;
        emit ServiceOrderWithdrawn(id, reason);
    }

    /// @inheritdoc IServiceOrders
    function orderOf(OrderId id) external view returns (Order memory) {
        return _known(id);
    }

    function _place(OrganisationId organisation, OrderEntry calldata o) private {
        require(OrderId.unwrap(o.id) != 0, ServiceOrdersMissing("order"));
        require(o.household != address(0), ServiceOrdersMissing("household"));
        require(Code.unwrap(o.service) != 0, ServiceOrdersMissing("service"));
        require(Code.unwrap(o.unit) != 0, ServiceOrdersMissing("unit"));
        require(o.stateShareMinor != 0 || o.peopleShareMinor != 0, ServiceOrdersMissing("share"));
        require(
            o.stateShareMinor <= MAX_AMOUNT && o.peopleShareMinor <= MAX_AMOUNT,
            ServiceOrdersBadShare(o.id, o.stateShareMinor, o.peopleShareMinor)
        );
        bytes32 digest = keccak256(abi.encode(organisation, o));
        Order storage known = _order[o.id];
        if (known.state != OrderState.Unknown) {
            require(known.digest == digest, ServiceOrdersConflict(o.id));
            return;
        }
        LICENCES.requireLicensed(o.broker);
        known.orderedBy = organisation;
        known.broker = o.broker;
        known.household = o.household;
        known.state = OrderState.Ordered;
        known.stateShareMinor = o.stateShareMinor;
        known.peopleShareMinor = o.peopleShareMinor;
        known.service = o.service;
        known.unit = o.unit;
        known.digest = digest;
        _emitOrdered(organisation, o);
    }

    function _emitOrdered(OrganisationId organisation, OrderEntry calldata o) private {
        emit ServiceOrdered(
            o.id,
            o.broker,
            o.household,
            organisation,
            o.service,
            o.unit,
            o.stateShareMinor,
            o.peopleShareMinor,
            o.commitment
        );
    }

    function _link(ShareLink calldata l) private {
        Order storage known = _known(l.id);
        IDeliveryLedger.EntitlementTerms memory terms = DELIVERY_LEDGER.termsOf(l.entitlement);
        LICENCES.requireRole(terms.payer, msg.sender, Roles.MAKER);
        bool state = l.share == Share.State;
        EntitlementId linked = state ? known.stateEntitlement : known.peopleEntitlement;
        if (linked == l.entitlement) return;
        _requireOpen(l.id, known);
        require(
            terms.household == known.household && terms.provider == known.broker && terms.unit == known.unit
                && terms.amountMinor == (state ? known.stateShareMinor : known.peopleShareMinor)
                && !_linked[l.entitlement] && _hasEnded(linked),
            ServiceOrdersOtherEntitlement(l.id, l.entitlement)
        );
        _linked[l.entitlement] = true;
        if (state) known.stateEntitlement = l.entitlement;
        else known.peopleEntitlement = l.entitlement;
        emit OrderShareLinked(l.id, l.entitlement, l.share);
    }

    /// @dev True for none, and for one that ended without aid: its share may be paid by another.
    function _hasEnded(EntitlementId entitlement) private view returns (bool) {
        if (EntitlementId.unwrap(entitlement) == 0) return true;
        IDeliveryLedger.EntitlementState state = DELIVERY_LEDGER.termsOf(entitlement).state;
        return state == IDeliveryLedger.EntitlementState.Refused || state == IDeliveryLedger.EntitlementState.Expired
            || state == IDeliveryLedger.EntitlementState.Cancelled || state == IDeliveryLedger.EntitlementState.Upheld
            || state == IDeliveryLedger.EntitlementState.Returned;
    }

    function _known(OrderId id) private view returns (Order storage known) {
        known = _order[id];
        require(known.state != OrderState.Unknown, ServiceOrdersUnknownOrder(id));
    }

    function _requireOpen(OrderId id, Order storage known) private view {
        require(known.state == OrderState.Ordered, ServiceOrdersState(id, known.state));
    }

    function _requireConfirmed(OrderId id, Share share, uint64 shareMinor, EntitlementId entitlement) private view {
        if (shareMinor == 0) return;
        require(
            EntitlementId.unwrap(entitlement) != 0
                && DELIVERY_LEDGER.termsOf(entitlement).state == IDeliveryLedger.EntitlementState.Confirmed,
            ServiceOrdersNotConfirmed(id, share)
        );
    }
}
