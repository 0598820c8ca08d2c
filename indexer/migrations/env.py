"""Run by Alembic: how the migrations reach the connection that `indexer.migrations.upgrade` was given."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from indexer.migrations import VERSION_TABLE
from indexer.schema import LEDGER, Unsigned64


def _rendered(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Migrations must not change with our types: what the database sees is a bigint."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Unsigned64) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=LEDGER.metadata,
    version_table=VERSION_TABLE,
    render_item=_rendered,
    transactional_ddl=True,  # SQLite has it too, as its connections here begin by an explicit BEGIN
)
with context.begin_transaction():
    context.run_migrations()
