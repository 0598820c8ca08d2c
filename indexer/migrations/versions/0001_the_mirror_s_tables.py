"""The mirror's tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_total",
        sa.Column("account", sa.LargeBinary(length=20), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_high", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "block_number", "unit"),
        sqlite_with_rowid=False,
    )
    op.create_index("account_total_by_block_number", "account_total", ["block_number"], unique=False)
    op.create_table(
        "act_carried_out",
        sa.Column("act", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("first", sa.LargeBinary(length=20), nullable=False),
        sa.Column("second", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_table(
        "act_proposed",
        sa.Column("act", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("regulator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_table(
        "bequest_opened",
        sa.Column("volunteer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("coordinator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("passes_at_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("bequest_opened_by_volunteer", "bequest_opened", ["volunteer"], unique=False)
    op.create_table(
        "bequest_passed",
        sa.Column("volunteer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("heir", sa.LargeBinary(length=20), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("amount_minutes", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("bequest_passed_by_volunteer", "bequest_passed", ["volunteer"], unique=False)
    op.create_table(
        "bequest_stopped",
        sa.Column("volunteer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_table(
        "block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("parent_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("timestamp_unix_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "card_field_revealed",
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("card_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("field", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "card_field_revealed_by_entitlement", "card_field_revealed", ["entitlement"], unique=False
    )
    op.create_table(
        "case_act_registered",
        sa.Column("case_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record", sa.LargeBinary(length=32), nullable=False),
        sa.Column("desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("case_act_registered_by_case_id", "case_act_registered", ["case_id"], unique=False)
    op.create_table(
        "case_answered",
        sa.Column("case_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("case_answered_by_case_id", "case_answered", ["case_id"], unique=False)
    op.create_table(
        "case_closed",
        sa.Column("case_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("case_closed_by_case_id", "case_closed", ["case_id"], unique=False)
    op.create_table(
        "case_opened",
        sa.Column("case_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("applicant", sa.LargeBinary(length=20), nullable=False),
        sa.Column("about", sa.LargeBinary(length=32), nullable=False),
        sa.Column("desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("opened_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("signed", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("case_opened_by_case_id", "case_opened", ["case_id"], unique=True)
    op.create_table(
        "case_referred",
        sa.Column("case_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("from_desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("to_desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("case_referred_by_case_id", "case_referred", ["case_id"], unique=False)
    op.create_table(
        "case_reopened",
        sa.Column("case_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reopened_by", sa.LargeBinary(length=20), nullable=False),
        sa.Column("reopening", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("case_reopened_by_case_id", "case_reopened", ["case_id"], unique=False)
    op.create_table(
        "case_taken_over",
        sa.Column("case_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("from_desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("to_desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("case_taken_over_by_case_id", "case_taken_over", ["case_id"], unique=False)
    op.create_table(
        "cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("final_number", sa.BigInteger(), nullable=False),
        sa.Column("finality", sa.Text(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("genesis_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("licence_registry", sa.LargeBinary(length=20), nullable=False),
        sa.Column("household_registry", sa.LargeBinary(length=20), nullable=False),
        sa.Column("rulebook", sa.LargeBinary(length=20), nullable=False),
        sa.Column("programme_registry", sa.LargeBinary(length=20), nullable=False),
        sa.Column("fund_ledger", sa.LargeBinary(length=20), nullable=False),
        sa.Column("delivery_ledger", sa.LargeBinary(length=20), nullable=False),
        sa.Column("field_acceptance", sa.LargeBinary(length=20), nullable=False),
        sa.Column("service_orders", sa.LargeBinary(length=20), nullable=False),
        sa.Column("debt_relief", sa.LargeBinary(length=20), nullable=False),
        sa.Column("time_bank", sa.LargeBinary(length=20), nullable=False),
        sa.Column("case_log", sa.LargeBinary(length=20), nullable=False),
        sa.Column("schema_digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "debt_forgiven",
        sa.Column("debt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("household", sa.LargeBinary(length=20), nullable=False),
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("creditor", sa.LargeBinary(length=20), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("debt_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("forgiven_minor", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("debt_forgiven_by_debt", "debt_forgiven", ["debt"], unique=True)
    op.create_index("debt_forgiven_by_organisation", "debt_forgiven", ["organisation"], unique=False)
    op.create_table(
        "delivery_confirmed",
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("household", sa.LargeBinary(length=20), nullable=False),
        sa.Column("method", sa.BigInteger(), nullable=False),
        sa.Column("deadline_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("r", sa.LargeBinary(length=32), nullable=False),
        sa.Column("vs", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("delivery_confirmed_by_entitlement", "delivery_confirmed", ["entitlement"], unique=True)
    op.create_table(
        "delivery_disputed",
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("deadline_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("r", sa.LargeBinary(length=32), nullable=False),
        sa.Column("vs", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("delivery_disputed_by_entitlement", "delivery_disputed", ["entitlement"], unique=True)
    op.create_table(
        "delivery_handed_over",
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("agent", sa.LargeBinary(length=20), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "delivery_handed_over_by_entitlement", "delivery_handed_over", ["entitlement"], unique=True
    )
    op.create_index(
        "delivery_handed_over_by_fund_start_amount_minor",
        "delivery_handed_over",
        ["fund", "start", "amount_minor"],
        unique=False,
    )
    op.create_table(
        "delivery_returned",
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("return_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("continues_from", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "delivery_returned_by_entitlement_amount_minor",
        "delivery_returned",
        ["entitlement", "amount_minor"],
        unique=False,
    )
    op.create_index(
        "delivery_returned_by_fund_continues_from",
        "delivery_returned",
        ["fund", "continues_from"],
        unique=False,
    )
    op.create_index(
        "delivery_returned_by_fund_start_amount_minor",
        "delivery_returned",
        ["fund", "start", "amount_minor"],
        unique=False,
    )
    op.create_index("delivery_returned_by_return_id", "delivery_returned", ["return_id"], unique=True)
    op.create_table(
        "delivery_witnessed",
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("witness", sa.LargeBinary(length=20), nullable=False),
        sa.Column("deadline_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("r", sa.LargeBinary(length=32), nullable=False),
        sa.Column("vs", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("delivery_witnessed_by_entitlement", "delivery_witnessed", ["entitlement"], unique=False)
    op.create_table(
        "dispute_dismissed",
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("decided_by", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("dispute_dismissed_by_entitlement", "dispute_dismissed", ["entitlement"], unique=True)
    op.create_table(
        "dispute_upheld",
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("desk", sa.LargeBinary(length=32), nullable=False),
        sa.Column("decided_by", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("dispute_upheld_by_entitlement", "dispute_upheld", ["entitlement"], unique=True)
    op.create_table(
        "donation_claimed",
        sa.Column("donation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("claim_key", sa.LargeBinary(length=20), nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "donation_claimed_by_claim_key_block_number_log_index",
        "donation_claimed",
        ["claim_key", "block_number", "log_index"],
        unique=False,
    )
    op.create_index("donation_claimed_by_donation", "donation_claimed", ["donation"], unique=True)
    op.create_index(
        "donation_claimed_by_wallet_block_number_log_index",
        "donation_claimed",
        ["wallet", "block_number", "log_index"],
        unique=False,
    )
    op.create_table(
        "donation_reassigned",
        sa.Column("from_", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reassignment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("donation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("to", sa.LargeBinary(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("continues_at", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("donation_reassigned_by_donation", "donation_reassigned", ["donation"], unique=False)
    op.create_index(
        "donation_reassigned_by_from__continues_at",
        "donation_reassigned",
        ["from_", "continues_at"],
        unique=False,
    )
    op.create_index(
        "donation_reassigned_by_from__start_amount_minor",
        "donation_reassigned",
        ["from_", "start", "amount_minor"],
        unique=False,
    )
    op.create_index(
        "donation_reassigned_by_reassignment", "donation_reassigned", ["reassignment"], unique=True
    )
    op.create_index(
        "donation_reassigned_by_to_starts_at_amount_minor",
        "donation_reassigned",
        ["to", "starts_at", "amount_minor"],
        unique=False,
    )
    op.create_table(
        "donation_recorded",
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("donation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("donor", sa.LargeBinary(length=20), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("settled_at_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("value_currency", sa.Text(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("donation_recorded_by_donation", "donation_recorded", ["donation"], unique=True)
    op.create_index(
        "donation_recorded_by_donor_block_number_log_index",
        "donation_recorded",
        ["donor", "block_number", "log_index"],
        unique=False,
    )
    op.create_index(
        "donation_recorded_by_fund_start_amount_minor",
        "donation_recorded",
        ["fund", "start", "amount_minor"],
        unique=False,
    )
    op.create_table(
        "donation_refunded",
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("refund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("donation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("continues_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("donation_refunded_by_donation", "donation_refunded", ["donation"], unique=False)
    op.create_index(
        "donation_refunded_by_fund_continues_at", "donation_refunded", ["fund", "continues_at"], unique=False
    )
    op.create_index(
        "donation_refunded_by_fund_start_amount_minor",
        "donation_refunded",
        ["fund", "start", "amount_minor"],
        unique=False,
    )
    op.create_index("donation_refunded_by_refund", "donation_refunded", ["refund"], unique=True)
    op.create_table(
        "entitlement_cleared",
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("clearer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("deadline_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("r", sa.LargeBinary(length=32), nullable=False),
        sa.Column("vs", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("entitlement_cleared_by_entitlement", "entitlement_cleared", ["entitlement"], unique=True)
    op.create_table(
        "entitlement_listed",
        sa.Column("list", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("household", sa.LargeBinary(length=20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("entitlement_listed_by_entitlement", "entitlement_listed", ["entitlement"], unique=True)
    op.create_index("entitlement_listed_by_household", "entitlement_listed", ["household"], unique=False)
    op.create_index("entitlement_listed_by_list", "entitlement_listed", ["list"], unique=False)
    op.create_table(
        "entitlement_refused",
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("entitlement_refused_by_entitlement", "entitlement_refused", ["entitlement"], unique=True)
    op.create_index(
        "entitlement_refused_by_fund_amount_minor",
        "entitlement_refused",
        ["fund", "amount_minor"],
        unique=False,
    )
    op.create_table(
        "fee_taken",
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fee", sa.LargeBinary(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("fee_taken_by_fee", "fee_taken", ["fee"], unique=True)
    op.create_index(
        "fee_taken_by_fund_start_amount_minor", "fee_taken", ["fund", "start", "amount_minor"], unique=False
    )
    op.create_table(
        "fund_opened",
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("release_at_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("opens_at_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("closes_at_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("fee_cap_bps", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("fund_opened_by_fund", "fund_opened", ["fund"], unique=True)
    op.create_index("fund_opened_by_organisation", "fund_opened", ["organisation"], unique=False)
    op.create_table(
        "fund_total",
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_high", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fund", "measure", "block_number"),
        sqlite_with_rowid=False,
    )
    op.create_index("fund_total_by_block_number", "fund_total", ["block_number"], unique=False)
    op.create_table(
        "heir_named",
        sa.Column("naming", sa.LargeBinary(length=32), nullable=False),
        sa.Column("volunteer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("heir", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("heir_named_by_naming", "heir_named", ["naming"], unique=True)
    op.create_table(
        "household_card_replaced",
        sa.Column("account", sa.LargeBinary(length=20), nullable=False),
        sa.Column("replaced_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("card_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "household_card_replaced_by_account", "household_card_replaced", ["account"], unique=False
    )
    op.create_table(
        "household_closed",
        sa.Column("account", sa.LargeBinary(length=20), nullable=False),
        sa.Column("closed_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("household_closed_by_account", "household_closed", ["account"], unique=False)
    op.create_table(
        "household_key_replaced",
        sa.Column("account", sa.LargeBinary(length=20), nullable=False),
        sa.Column("replaced_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("household_key_replaced_by_account", "household_key_replaced", ["account"], unique=False)
    op.create_table(
        "household_opened",
        sa.Column("account", sa.LargeBinary(length=20), nullable=False),
        sa.Column("opened_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key", sa.LargeBinary(length=20), nullable=False),
        sa.Column("card_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("household_opened_by_account", "household_opened", ["account"], unique=True)
    op.create_table(
        "household_reopened",
        sa.Column("account", sa.LargeBinary(length=20), nullable=False),
        sa.Column("reopened_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("household_reopened_by_account", "household_reopened", ["account"], unique=False)
    op.create_table(
        "household_taken_over",
        sa.Column("account", sa.LargeBinary(length=20), nullable=False),
        sa.Column("from_", sa.LargeBinary(length=32), nullable=False),
        sa.Column("to", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_table(
        "implementer_admitted",
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("implementer_admitted_by_programme", "implementer_admitted", ["programme"], unique=False)
    op.create_table(
        "implementer_dismissed",
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "implementer_dismissed_by_programme", "implementer_dismissed", ["programme"], unique=False
    )
    op.create_table(
        "issuing_ceiling_set",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ceiling_minutes", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "issuing_ceiling_set_by_organisation", "issuing_ceiling_set", ["organisation"], unique=False
    )
    op.create_table(
        "licence_granted",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("administrator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("supervisor", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("roles", sa.BigInteger(), nullable=False),
        sa.Column("from_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("until_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("licence_granted_by_organisation", "licence_granted", ["organisation"], unique=False)
    op.create_table(
        "licence_resumed",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("licence_resumed_by_organisation", "licence_resumed", ["organisation"], unique=False)
    op.create_table(
        "licence_revoked",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("licence_revoked_by_organisation", "licence_revoked", ["organisation"], unique=False)
    op.create_table(
        "licence_suspended",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("licence_suspended_by_organisation", "licence_suspended", ["organisation"], unique=False)
    op.create_table(
        "minutes_delivered",
        sa.Column("amount_minutes", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_table(
        "minutes_given",
        sa.Column("donation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("volunteer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("amount_minutes", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("minutes_given_by_donation", "minutes_given", ["donation"], unique=True)
    op.create_index("minutes_given_by_volunteer", "minutes_given", ["volunteer"], unique=False)
    op.create_table(
        "minutes_redeemed",
        sa.Column("redemption", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("volunteer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("amount_minutes", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("minutes_redeemed_by_redemption", "minutes_redeemed", ["redemption"], unique=True)
    op.create_index("minutes_redeemed_by_volunteer", "minutes_redeemed", ["volunteer"], unique=False)
    op.create_table(
        "minutes_taken_back",
        sa.Column("amount_minutes", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_table(
        "operator_appointed",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("roles", sa.BigInteger(), nullable=False),
        sa.Column("until_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "operator_appointed_by_organisation_operator",
        "operator_appointed",
        ["organisation", "operator"],
        unique=False,
    )
    op.create_table(
        "order_share_linked",
        sa.Column("order", sa.LargeBinary(length=32), nullable=False),
        sa.Column("entitlement", sa.LargeBinary(length=32), nullable=False),
        sa.Column("share", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("order_share_linked_by_entitlement", "order_share_linked", ["entitlement"], unique=False)
    op.create_index(
        "order_share_linked_by_order_share", "order_share_linked", ["order", "share"], unique=False
    )
    op.create_table(
        "organisation_graded",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "organisation_graded_by_organisation", "organisation_graded", ["organisation"], unique=False
    )
    op.create_table(
        "payment_list_approved",
        sa.Column("list", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("checker", sa.LargeBinary(length=20), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "payment_list_approved_by_fund_total_minor",
        "payment_list_approved",
        ["fund", "total_minor"],
        unique=False,
    )
    op.create_index("payment_list_approved_by_list", "payment_list_approved", ["list"], unique=True)
    op.create_table(
        "payment_list_cancelled",
        sa.Column("list", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("cancelled_by", sa.LargeBinary(length=20), nullable=False),
        sa.Column("freed_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "payment_list_cancelled_by_fund_freed_minor",
        "payment_list_cancelled",
        ["fund", "freed_minor"],
        unique=False,
    )
    op.create_index("payment_list_cancelled_by_list", "payment_list_cancelled", ["list"], unique=True)
    op.create_table(
        "payment_list_checked",
        sa.Column("list", sa.LargeBinary(length=32), nullable=False),
        sa.Column("checker", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("payment_list_checked_by_list", "payment_list_checked", ["list"], unique=True)
    op.create_table(
        "payment_list_expired",
        sa.Column("list", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("freed_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "payment_list_expired_by_fund_freed_minor",
        "payment_list_expired",
        ["fund", "freed_minor"],
        unique=False,
    )
    op.create_index("payment_list_expired_by_list", "payment_list_expired", ["list"], unique=True)
    op.create_table(
        "payment_list_proposed",
        sa.Column("list", sa.LargeBinary(length=32), nullable=False),
        sa.Column("fund", sa.LargeBinary(length=32), nullable=False),
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("provider", sa.LargeBinary(length=32), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.BigInteger(), nullable=False),
        sa.Column("maker", sa.LargeBinary(length=20), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("payment_list_proposed_by_fund", "payment_list_proposed", ["fund"], unique=False)
    op.create_index("payment_list_proposed_by_list", "payment_list_proposed", ["list"], unique=True)
    op.create_index(
        "payment_list_proposed_by_programme", "payment_list_proposed", ["programme"], unique=False
    )
    op.create_table(
        "place_quota_set",
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("place_quota_set_by_programme", "place_quota_set", ["programme"], unique=False)
    op.create_table(
        "programme_head_allowed",
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "programme_head_allowed_by_programme_head",
        "programme_head_allowed",
        ["programme", "head"],
        unique=True,
    )
    op.create_table(
        "programme_opened",
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("rule", sa.LargeBinary(length=32), nullable=False),
        sa.Column("clearer", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seasonal", sa.BigInteger(), nullable=False),
        sa.Column("quotas", sa.BigInteger(), nullable=False),
        sa.Column("dispute_window_s", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("counted_in", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("programme_opened_by_organisation", "programme_opened", ["organisation"], unique=False)
    op.create_index("programme_opened_by_programme", "programme_opened", ["programme"], unique=True)
    op.create_table(
        "programme_planned",
        sa.Column("programme", sa.LargeBinary(length=32), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("planned_units", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("programme_planned_by_programme", "programme_planned", ["programme"], unique=False)
    op.create_table(
        "reserve_chosen",
        sa.Column("service", sa.LargeBinary(length=32), nullable=False),
        sa.Column("volunteer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("reserve", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("reserve_chosen_by_service", "reserve_chosen", ["service"], unique=True)
    op.create_index("reserve_chosen_by_volunteer", "reserve_chosen", ["volunteer"], unique=False)
    op.create_table(
        "rule_published",
        sa.Column("rule", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("document_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("in_force_from_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("rule_published_by_rule_version", "rule_published", ["rule", "version"], unique=True)
    op.create_table(
        "second_checker_threshold_set",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("threshold_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "second_checker_threshold_set_by_organisation",
        "second_checker_threshold_set",
        ["organisation"],
        unique=False,
    )
    op.create_table(
        "service_confirmed",
        sa.Column("service", sa.LargeBinary(length=32), nullable=False),
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("volunteer", sa.LargeBinary(length=20), nullable=False),
        sa.Column("receiver", sa.LargeBinary(length=20), nullable=False),
        sa.Column("coordinator", sa.LargeBinary(length=20), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service_minutes", sa.BigInteger(), nullable=False),
        sa.Column("served_at_unix_s", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("service_confirmed_by_service", "service_confirmed", ["service"], unique=True)
    op.create_index("service_confirmed_by_volunteer", "service_confirmed", ["volunteer"], unique=False)
    op.create_table(
        "service_order_closed",
        sa.Column("order", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("service_order_closed_by_order", "service_order_closed", ["order"], unique=True)
    op.create_table(
        "service_order_withdrawn",
        sa.Column("order", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("service_order_withdrawn_by_order", "service_order_withdrawn", ["order"], unique=True)
    op.create_table(
        "service_ordered",
        sa.Column("order", sa.LargeBinary(length=32), nullable=False),
        sa.Column("broker", sa.LargeBinary(length=32), nullable=False),
        sa.Column("household", sa.LargeBinary(length=20), nullable=False),
        sa.Column("ordered_by", sa.LargeBinary(length=32), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("state_share_minor", sa.BigInteger(), nullable=False),
        sa.Column("people_share_minor", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("service_ordered_by_order", "service_ordered", ["order"], unique=True)
    op.create_table(
        "successor_named",
        sa.Column("organisation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("successor", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_table(
        "transfer",
        sa.Column("from_", sa.LargeBinary(length=20), nullable=False),
        sa.Column("to", sa.LargeBinary(length=20), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("transfer_by_from_", "transfer", ["from_"], unique=False)
    op.create_index("transfer_by_to", "transfer", ["to"], unique=False)
    op.create_table(
        "transfer_came_back",
        sa.Column("from_", sa.LargeBinary(length=32), nullable=False),
        sa.Column("transfer", sa.LargeBinary(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "transfer_came_back_by_from__start_amount_minor",
        "transfer_came_back",
        ["from_", "start", "amount_minor"],
        unique=False,
    )
    op.create_index("transfer_came_back_by_transfer", "transfer_came_back", ["transfer"], unique=True)
    op.create_table(
        "transfer_checked",
        sa.Column("transfer", sa.LargeBinary(length=32), nullable=False),
        sa.Column("checker", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("transfer_checked_by_transfer", "transfer_checked", ["transfer"], unique=True)
    op.create_table(
        "transfer_proposed",
        sa.Column("transfer", sa.LargeBinary(length=32), nullable=False),
        sa.Column("from_", sa.LargeBinary(length=32), nullable=False),
        sa.Column("to", sa.LargeBinary(length=32), nullable=False),
        sa.Column("maker", sa.LargeBinary(length=20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("transfer_proposed_by_transfer", "transfer_proposed", ["transfer"], unique=True)
    op.create_table(
        "transfer_received",
        sa.Column("to", sa.LargeBinary(length=32), nullable=False),
        sa.Column("transfer", sa.LargeBinary(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "transfer_received_by_to_start_amount_minor",
        "transfer_received",
        ["to", "start", "amount_minor"],
        unique=False,
    )
    op.create_index("transfer_received_by_transfer", "transfer_received", ["transfer"], unique=True)
    op.create_table(
        "transfer_sent",
        sa.Column("from_", sa.LargeBinary(length=32), nullable=False),
        sa.Column("transfer", sa.LargeBinary(length=32), nullable=False),
        sa.Column("to", sa.LargeBinary(length=32), nullable=False),
        sa.Column("checker", sa.LargeBinary(length=20), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index(
        "transfer_sent_by_from__start_amount_minor",
        "transfer_sent",
        ["from_", "start", "amount_minor"],
        unique=False,
    )
    op.create_index("transfer_sent_by_transfer", "transfer_sent", ["transfer"], unique=True)
    op.create_table(
        "transfer_withdrawn",
        sa.Column("transfer", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block_hash", "log_index"),
    )
    op.create_index("transfer_withdrawn_by_transfer", "transfer_withdrawn", ["transfer"], unique=True)
