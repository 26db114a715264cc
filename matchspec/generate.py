"""Typed modules out of query files (`matchspec.queryfile`): what `matchspec generate` writes.

A module has the row types as NamedTuples, a function `new_<table>` for each table, and for each query a function that
takes any table with such rows. The queries are raw match specs, with parameters as constants, so that the module needs
no parser when it runs. The same file gives the same text, to the byte.
"""

import sys
from collections import namedtuple
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias, final

from grammar.errors import MatchSpecError, nearest
from matchspec.analysis import AnySpec, analyse_text
from matchspec.comparable import may_match
from matchspec.layout import Group, Part, flat, laid_out
from matchspec.queryfile import (
    Declared,
    QueryDeclaration,
    QueryFile,
    TableDeclaration,
    refuse,
    replaced_error,
    split_at_commas,
)
from matchspec.rowtypes import Annotation, is_named_tuple
from matchspec.specsource import SpecWriter, givens
from matchspec.typetext import Imports, TypeReader, quoted
from matchspec.values import Term
from matchspec.valuetypes import Given, ValueType, describe_type, type_of_annotation, type_of_value, widened

WIDTH: Final = 88
# What a query does, the method for it, the protocol of the table that it needs, and the type that it gives.
_METHODS: Final[dict[str, tuple[str, str, str]]] = {
    "select": ("select", "Selectable", "list[{}]"),
    "iterate": ("select_iter", "Selectable", "Iterator[{}]"),
    "count": ("select_count", "Selectable", "int"),
    "delete": ("select_delete", "Writable", "int"),
    "replace": ("select_replace", "Writable", "int"),
}
_KINDS: Final = ("set", "ordered_set", "bag", "duplicate_bag")
Anything: TypeAlias = Any


def generate(file: QueryFile, *, name: str, width: int = WIDTH) -> str:
    """The text of the module. `name`: what the file is called in it; `width`: how long its lines may be.

    Raises MatchSpecError, with every problem, each at its place in the file. O(size).
    """
    return _Generator(file, name, width).module()


@final
class _Generator:
    def __init__(self, file: QueryFile, name: str, width: int) -> None:
        self.file: Final = file
        self.name: Final = name
        self.width: Final = width
        self.errors: Final[list[MatchSpecError]] = []
        self.types: Final[dict[str, Annotation]] = {}  # by the name that the file gives them
        self.declared: Final[dict[Annotation, tuple[str, str]]] = {}
        for module, imported in file.imports:
            stand_in = type(imported, (), {})
            self.types[imported] = stand_in
            self.declared[stand_in] = (module, imported)
        self.reader: Final = TypeReader(file.source, self.types)
        self.imports: Final = Imports(self.declared)

    def attempt(self, step: "Callable[[], list[str]]") -> list[str]:
        """The lines that a step gives; none, and its problems for later, where there are some."""
        try:
            return step()
        except MatchSpecError as error:
            self.errors.extend(error.errors)
            return []

    def module(self) -> str:
        blocks: list[list[str]] = []
        for row in self.file.rows:
            factory: Anything = namedtuple  # noqa: PYI024  # of names that are known only now
            made = factory(row.name, [field.name for field in row.fields], rename=True)
            made.__annotations__, made._field_defaults = {}, {}
            self.types[row.name] = made
            self.declared[made] = ("", row.name)
            blocks.append([])
            for field in row.fields:
                blocks[-1].extend(self.attempt(partial(self._field, made, field)))
            self.imports.use("typing", "NamedTuple")
            doc = [f'    """{_sentence(row.comment)}"""', ""] if row.comment else []
            blocks[-1] = [f"class {row.name}(NamedTuple):", *doc, *blocks[-1]]
        for table in self.file.tables:
            blocks.append(self.attempt(partial(self._table, table)))
        for query in self.file.queries:
            blocks.append(self.attempt(partial(self._query, query)))
        if self.errors:
            errors = sorted(self.errors, key=lambda error: 0 if error.span is None else error.span.start)
            raise errors[0].among(errors)
        return self._joined(blocks)

    def _joined(self, blocks: list[list[str]]) -> str:
        command = "`matchspec generate`"
        head = [f'"""Typed queries, made by {command} from {self.name}: edit that file, and make this one again."""']
        imports = _sections(self.imports, self.width)
        lines = [*head, *([""] if imports else []), *imports]
        for block in blocks:
            lines.extend(["", "", *block])
        return "\n".join(lines) + "\n"

    # --- rows and tables ----------------------------------------------------------------------------------------------

    def _field(self, made: Anything, field: Declared) -> list[str]:
        annotation = self.reader.annotation(field.annotation, field.annotation_span)
        made.__annotations__[field.name] = annotation
        default = ""
        if field.default is not None:
            default = f" = {self._default(field, annotation)}"
            made._field_defaults[field.name] = self.reader.literal(field.default, field.default_span)
        elif made._field_defaults:
            refuse(f"the field {field.name!r} without a default follows one that has one", self.file.source, field.span)
        return [f"    {field.name}: {self._type(annotation)}{default}"]

    def _default(self, declared: Declared, annotation: Annotation) -> str:
        value = self.reader.literal(declared.default or "", declared.default_span)
        kind = type_of_annotation(annotation)
        if not may_match(type_of_value(value), kind, False):
            message = f"{declared.name} is {describe_type(kind)}, and never {quoted(value)}"
            refuse(message, self.file.source, declared.default_span)
        return quoted(value)

    def _type(self, annotation: Annotation) -> str:
        return self.imports.type(type_of_annotation(annotation))

    def _row(self, name: str, span: Any) -> Annotation:
        row = self.types.get(name)
        if row is None or not is_named_tuple(row):
            rows = [row.name for row in self.file.rows]
            refuse(f"there is no row type {name!r}", self.file.source, span, nearest(name, rows) or "row Name: ...")
        return row

    def _table(self, table: TableDeclaration) -> list[str]:
        row = self._row(table.row, table.row_span)
        options: list[Part] = [quoted(table.name), table.row]
        fields: tuple[str, ...] = getattr(row, "_fields", ())
        for option in table.options:
            value = self.reader.literal(option.default or "", option.default_span)
            self._check_option(option, value, fields)
            options.append(f"{option.name}={quoted(value)}")
        self.imports.use("runtime", "ets")
        kind = f"{self.imports.use('runtime.ets', 'Table')}[{table.row}]"
        call = Group("return ets.new(", tuple(options), ")", call=True)
        doc = _sentence(table.comment) if table.comment else f"A new table {table.name}."
        return [f"def new_{table.name}() -> {kind}:", f'    """{doc}"""', *laid_out(call, self.width, 4)]

    def _check_option(self, option: Declared, value: Term, fields: tuple[str, ...]) -> None:
        source, span = self.file.source, option.default_span
        if option.name == "type" and value not in _KINDS:
            refuse(f"type is one of {', '.join(_KINDS)}, not {quoted(value)}", source, span)
        columns = value if isinstance(value, (list, tuple)) else [value]
        if option.name in ("keypos", "index", "unique"):
            for column in columns:
                known = column in fields if isinstance(column, str) else _is_position(column, len(fields))
                if not known:
                    hint = nearest(column, fields) if isinstance(column, str) else ""
                    refuse(
                        f"the row has no column {quoted(column)}",
                        source,
                        span,
                        hint or f"columns are {', '.join(fields)}",
                    )

    # --- queries ------------------------------------------------------------------------------------------------------

    def _query(self, query: QueryDeclaration) -> list[str]:
        row = self._row(query.row, query.row_span)
        env: dict[str, Term] = {}
        params: list[str] = []
        for param in query.params:
            annotation = self.reader.annotation(param.annotation, param.annotation_span)
            given = Given(param.name, annotation)
            env[param.name] = env[_erlang_name(param.name)] = given
            default = ""
            if param.default is not None:
                default = f" = {self._default(param, annotation)}"
            params.append(f"{param.name}: {self._type(annotation)}{default}")
        env.update({name: kind for name, kind in self.types.items() if isinstance(kind, type) and name not in env})
        found = analyse_text(query.text, row, env=env, syntax=query.language)
        if found.errors or found.spec is None:
            placed = [replaced_error(error, query, self.file.source) for error in found.errors]
            raise placed[0].among(placed)
        self._check_params(query, found.spec)
        self._check_replacing(query, found.spec)
        return self._functions(query, params, found.spec, widened(found.result))

    def _check_params(self, query: QueryDeclaration, spec: AnySpec) -> None:
        """Refuses a parameter that the query does not use: in the head of a fun, say, its name is a new variable."""
        used = {given.name for clause in spec.clauses for given in givens(clause)}
        for param in query.params:
            if param.name not in used:
                head = f"in a head `{_erlang_name(param.name)}` is a new variable: compare with it in a guard"
                hint = head if spec.language == "erlang" else ""
                refuse(f"the query does not use its parameter {param.name!r}", self.file.source, param.span, hint)

    def _check_replacing(self, query: QueryDeclaration, spec: AnySpec) -> None:
        tables = [table for table in self.file.tables if table.row == query.row]
        if query.operation == "replace" and len(tables) == 1:
            from matchspec.plan import keeps_key

            keypos = next((option.default for option in tables[0].options if option.name == "keypos"), None) or "1"
            fields = [field.name for row in self.file.rows if row.name == query.row for field in row.fields]
            name = keypos.strip("\"'")
            number = fields.index(name) + 1 if name in fields else int(keypos)
            if not keeps_key(spec, number):
                message = (
                    "each result of a query that replaces is the row itself, or a row built with the key of that row"
                )
                refuse(message, self.file.source, query.span)

    def _functions(self, query: QueryDeclaration, params: list[str], spec: AnySpec, result: ValueType) -> list[str]:
        method, protocol, gives = _METHODS[query.operation]
        kind = self.imports.type(result)
        self.imports.use("matchspec", "MatchSpec")
        self.imports.use("matchspec.generated", "raw_query")
        if query.operation == "iterate":
            self.imports.use("collections.abc", "Iterator")
        table = f"table: {self.imports.use('runtime', protocol)}[{query.row}]"
        raw = SpecWriter(self.imports, self.file.source, query).spec(spec)
        made = ["python=True"] if spec.raises else []
        call = Group("return raw_query(", (raw, f"row={query.row}", *made), ")", call=True)
        names = [param.split(":")[0] for param in params]
        doc = _docstring(query)
        head = Group(f"def {query.name}(", (table, *params), f") -> {gives.format(kind)}:")
        spec_head = Group(f"def {query.name}_spec(", tuple(params), f") -> MatchSpec[{query.row}, {kind}]:")
        inner = Group(f"{query.name}_spec(", tuple(names), ")", call=True)
        body = Group(f"return table.{method}(", (inner,), ")", call=True)
        lines = [*_definition(head, self.width), *doc, *laid_out(body, self.width, 4)]
        return [
            *lines,
            "",
            "",
            *_definition(spec_head, self.width),
            f'    """The query of `{query.name}`."""',
            *laid_out(call, self.width, 4),
        ]


def _definition(head: Group, width: int) -> list[str]:
    """The first lines of a function: parameters one a line, with a comma after the last, where they do not fit."""
    if len(flat(head)) <= width:
        return [flat(head)]
    joined = "    " + ", ".join([flat(item) for item in head.items])
    if not head.items:
        return _result_lines(head.before + head.after, width)
    if len(joined) <= width and len(head.items) > 1:
        return [head.before, joined, *_result_lines(head.after, width)]
    return [head.before, *[f"    {flat(item)}," for item in head.items], *_result_lines(head.after, width)]


def _result_lines(line: str, width: int) -> list[str]:
    """The line that ends in the type of a result, `) -> list[...]:`, taken apart where it is too long."""
    before, bracket, rest = line.partition("[")
    if len(line) <= width or not bracket:
        return [line]
    inner = rest.removesuffix("]:")
    items = tuple([inner[at : at + len(part)].strip() for at, part in split_at_commas(inner)])
    return laid_out(Group(before + bracket, items, "]:", call=True), width)


def _docstring(query: QueryDeclaration) -> list[str]:
    """What the comment above the query says, and its text."""
    summary = _sentence(query.comment) if query.comment else f"The results of the query `{query.name}`."
    text = query.text.rstrip()
    if '"""' in text:
        return [f'    """{summary}"""']
    opening = '    r"""' if "\\" in text + summary else '    """'
    lines = [f"    {line}".rstrip() for line in text.split("\n")]
    return [opening + summary, "", *lines, '    """']


def _sentence(comment: str) -> str:
    text = comment.replace('"""', "'''").replace("\\", "\\\\").strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _erlang_name(name: str) -> str:
    """`limit` and `min_age` as variables of Erlang: `Limit`, `MinAge`."""
    return "".join([part[:1].upper() + part[1:] for part in name.split("_")])


def _is_position(value: Term, arity: int) -> bool:
    return type(value) is int and 1 <= value <= arity


def _sections(imports: Imports, width: int) -> list[str]:
    """Imports in the order that formatters want: of Python's own modules, of installed ones, of the project itself."""
    lines: list[str] = []
    for section in range(3):
        part = Imports({})
        part.found.update({module: names for module, names in imports.found.items() if _section(module) == section})
        shown = part.lines(width)
        lines.extend([*([""] if lines and shown else []), *shown])
    return lines


def _section(module: str) -> int:
    package = module.partition(".")[0]
    return 0 if package in sys.stdlib_module_names else 1 if package in ("matchspec", "runtime") else 2
