// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.27;

import {Code, EntitlementId, OrderId, OrganisationId} from "../types/Ids.sol";

/// @title The regulator's service orders: a service for one household, by one broker, paid in two shares (system T08).
/// @notice An order names what the state pays and what people pay; each share is an entitlement of some fund. The order is
/// closed only when the household has confirmed every share. Amounts are minor units of `unit`.
interface IServiceOrders {
    /// @notice Where an order stands.
    enum OrderState {
        Unknown,
        Ordered,
        Closed,
        Withdrawn
    }

    /// @notice Whose money a share is.
    enum Share {
        State,
        People
    }

    /// @notice A service to order.
    struct OrderEntry {
        OrderId id;
        /// @dev The body that serves the household: the provider of both shares' entitlements.
        OrganisationId broker;
        address household;
        /// @dev What to serve, from the catalogue, e.g. "home-repair" (system E14).
        Code service;
        Code unit;
        uint64 stateShareMinor;
        uint64 peopleShareMinor;
        /// @dev Salted hash of the conditions in the orderer's office.
        bytes32 commitment;
    }

    /// @notice A service order.
    struct Order {
        OrganisationId orderedBy;
        OrganisationId broker;
        address household;
        OrderState state;
        uint64 stateShareMinor;
        uint64 peopleShareMinor;
        Code service;
        Code unit;
        EntitlementId stateEntitlement;
        EntitlementId peopleEntitlement;
        bytes32 digest;
    }

    /// @notice Which entitlement pays a share of an order.
    struct ShareLink {
        OrderId id;
        Share share;
        EntitlementId entitlement;
    }

    event ServiceOrdered(
        OrderId indexed order,
        OrganisationId indexed broker,
        address indexed household,
        OrganisationId orderedBy,
        Code service,
        Code unit,
        uint64 stateShareMinor,
        uint64 peopleShareMinor,
        bytes32 commitment
    );
    event OrderShareLinked(OrderId indexed order, EntitlementId indexed entitlement, Share share);
    /// @notice The household confirmed every share.
    event ServiceOrderClosed(OrderId indexed order);
    /// @notice The regulator's desk gave the order up before it was closed.
    event ServiceOrderWithdrawn(OrderId indexed order, Code reason);

    /// @notice A value that must be given is zero; `field` names it.
    /// @custom:field field
    /// @custom:remedy give a value that is not zero
    /// @custom:retry no
    error ServiceOrdersMissing(bytes32 field);
    /// @notice A share is at most 2^63-1 minor units.
    /// @custom:field share
    /// @custom:remedy give shares in minor units of the order's unit
    /// @custom:retry no
    error ServiceOrdersBadShare(OrderId order, uint64 stateShareMinor, uint64 peopleShareMinor);
    /// @notice The id is taken by a different order.
    /// @custom:field id
    /// @custom:remedy make a new id for a new order; send the same order again only unchanged
    /// @custom:retry no
    error ServiceOrdersConflict(OrderId order);
    /// @notice There is no order with this id.
    /// @custom:field order
    /// @custom:remedy order the service first, or correct its id
    /// @custom:retry no
    error ServiceOrdersUnknownOrder(OrderId order);
    /// @notice The order is not in the state that the act needs.
    /// @custom:field order
    /// @custom:remedy look at the order's state; a closed or withdrawn order stays so
    /// @custom:retry no
    error ServiceOrdersState(OrderId order, OrderState state);
    /// @notice The entitlement is not the one ordered: another household, provider, unit or amount, or the share is paid.
    /// @custom:field entitlement
    /// @custom:remedy link an entitlement of the order's household, broker, unit and share
    /// @custom:retry no
    error ServiceOrdersOtherEntitlement(OrderId order, EntitlementId entitlement);
    /// @notice A share is not confirmed by the household.
    /// @custom:field order
    /// @custom:remedy deliver every share and let the household confirm it
    /// @custom:retry yes
    error ServiceOrdersNotConfirmed(OrderId order, Share share);
    /// @notice Only the body that ordered may withdraw an order.
    /// @custom:field organisation
    /// @custom:remedy ask the body that ordered the service
    /// @custom:retry no
    error ServiceOrdersNotOrderedBy(OrderId order, OrganisationId organisation);

    /// @notice Orders services. Caller: ORDERER of `organisation`, a body that the regulator gave this role.
    function order(OrganisationId organisation, OrderEntry[] calldata orders) external;

    /// @notice Links entitlements to the shares they pay; one that ended without aid may be replaced. Caller: MAKER of
    /// the payer of each entitlement.
    function linkShares(ShareLink[] calldata links) external;

    /// @notice Closes orders whose every share the household confirmed. Closing twice is a no-op. Caller: anyone.
    function closeOrders(OrderId[] calldata orders) external;

    /// @notice Gives an order up that is not closed. Caller: ORDERER of the body that ordered.
    function withdrawOrder(OrganisationId organisation, OrderId order_, Code reason) external;

    /// @notice The order's record; reverts when unknown.
    function orderOf(OrderId order_) external view returns (Order memory);
}
