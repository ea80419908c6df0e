"""Find SQL that is not constant: text that a request could change."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final

TreeOf = Callable[[str], ast.Module | None]
"""Returns the syntax tree of a module of the product by its dotted name, None for any other module."""

TAKES_SQL: Final = frozenset({"raw", "run_ddl", "QueryString", "Unquoted", "WhereRaw"})
"""Methods and classes whose first argument is SQL."""

_CONSTANT_NAME: Final = re.compile(r"_?[A-Z][A-Z0-9_]*")


def variable_queries(tree: ast.Module, tree_of: TreeOf) -> Iterator[str]:
    """Yield the calls of methods and classes that take SQL and get one that is not constant.

    Constant are a literal, a module-level `Final` name whose value is constant, and a concatenation (`+`, f-string,
    neighbouring literals) of these. The name may be imported from another module of the product.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=arguments) if name in TAKES_SQL:
                if not arguments or not _is_constant(arguments[0], tree, tree_of):
                    yield ast.unparse(node)


def _is_constant(node: ast.expr, tree: ast.Module, tree_of: TreeOf) -> bool:
    match node:
        case ast.Constant(value=str()):
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_constant(left, tree, tree_of) and _is_constant(right, tree, tree_of)
        case ast.JoinedStr(values=parts):
            return all(_is_constant(part, tree, tree_of) for part in parts)
        case ast.FormattedValue(value=ast.Name() as name, conversion=-1, format_spec=None):
            return _is_constant(name, tree, tree_of)
        case ast.Name(id=name):
            return bool(_CONSTANT_NAME.fullmatch(name)) and _names_a_constant(name, tree, tree_of)
    return False


def _names_a_constant(name: str, tree: ast.Module, tree_of: TreeOf) -> bool:
    """Tell whether the only binding of the name in the whole module is a constant at module level."""
    bindings = [node for node in ast.walk(tree) if name in _bound_names(node)]
    if len(bindings) != 1:
        return False
    (binding,) = bindings
    for statement in tree.body:
        match statement:
            case ast.AnnAssign(target=target, annotation=annotation, value=ast.expr() as value) if target is binding:
                return ast.unparse(annotation) in {"Final", "Final[str]"} and _is_constant(value, tree, tree_of)
            case ast.ImportFrom(module=str() as origin, level=0, names=aliases) if binding in aliases:
                other = tree_of(origin)
                return other is not None and _names_a_constant(binding.name, other, tree_of)
    return False


def _bound_names(node: ast.AST) -> list[str | None]:
    match node:
        case (
            ast.Name(id=name, ctx=ast.Store() | ast.Del())
            | ast.arg(arg=name)
            | ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.ExceptHandler(name=name)
            | ast.MatchAs(name=name)
            | ast.MatchStar(name=name)
            | ast.MatchMapping(rest=name)
        ):
            return [name]
        case ast.alias(name=name, asname=alias):
            return [alias or name]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return [*names]
    return []
