"""The suite of tables in memory, over tables on disk: which modules, by what means, and what is left out."""

import itertools
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from runtime import dets
from runtime.dets import DiskTable

Value: TypeAlias = Any

OVER_BOTH: Final = frozenset(
    [
        *("test_conformance", "test_continuations", "test_ets", "test_indexes", "test_live_erlang", "test_paging"),
        *("test_progress", "test_rows", "test_statistics", "test_subscriptions", "test_traversal"),
        *("test_concurrency", "test_expiry", "test_linearizability", "test_bad_arguments"),
    ]
)
OPTIONS: Final = ("type", "keypos", "index", "unique", "ttl", "max_size", "clock")
_OPTIONS: Final = "the options of ets.new that dets.open has not"
_SHARED: Final = "a table on disk belongs to all who have opened it: no owner, name or access right"
_ENUM: Final = "a member of an Enum has no form on disk"
_PLAN: Final = "SQLite chooses the plan, and takes ranges also where they hold most rows"
LEFT_OUT: Final[dict[str, str]] = {
    "test_ets::test_wrong_options": _OPTIONS,
    "test_ets::test_decentralized_counters_default_as_in_erlang": _OPTIONS,
    "test_ets::test_private_tables_report_no_concurrency": _OPTIONS,
    "test_ets::test_info_is_erlangs_in_order": "info has other items on disk, as in Erlang",
    "test_ets::test_repr": "it says that the table is on disk",
    "test_ets::test_named_tables": _SHARED,
    "test_ets::test_rename": _SHARED,
    "test_ets::test_setopts": _SHARED,
    "test_ets::test_keys_that_python_finds_equal_to_numbers": _ENUM,
    "test_indexes::test_keys_and_columns_that_python_finds_equal_to_a_str": _ENUM,
    "test_indexes::test_explanations_are_readable": _PLAN,
    "test_concurrency::test_only_the_owner_writes_a_protected_table": _SHARED,
    "test_concurrency::test_only_the_owner_reads_a_private_table": _SHARED,
    "test_concurrency::test_options_of_a_public_table_are_its_owners": _SHARED,
    "test_subscriptions::test_a_table_that_goes_with_its_owner_is_told_of_as_dropped": _SHARED,
    "test_rows::test_namedtuples_without_annotations": "a class has no form on disk",
    "test_rows::test_a_named_tuple_in_an_untyped_table_keeps_its_class": "a file keeps no classes",
    "test_statistics::test_the_switch_checks_after_every_operation": "it breaks what a table in memory is made of",
}


class Maker:
    """Stands for `ets.new`: makes tables on disk, in files of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def __call__(self, name: Value, row: Value = None, **options: Value) -> DiskTable[Any]:
        kept = {key: options[key] for key in OPTIONS if key in options}
        path = self._folder / f"table{next(self._numbers)}.dets"
        return dets.open(path, row, name=name, auto_save=None, **kept)


def reason_to_skip(item: pytest.Item) -> str | None:
    """Why a test is not for tables on disk, None if it is."""
    name = item.name.partition("[")[0]
    return LEFT_OUT.get(f"{item.path.stem}::{name}")
