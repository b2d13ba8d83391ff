"""Which slips there can be in a source: each changes one operator, condition, name or number, as a hand might. Pure."""

import ast
import copy
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

OPPOSITE: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
NAMED: Final = {
    "min": "max",
    "max": "min",
    "bisect_left": "bisect_right",
    "bisect_right": "bisect_left",
    "any": "all",
    "all": "any",
}


class Slip(NamedTuple):
    """A source with one slip in it."""

    line: int
    within: str  # the function; empty: none
    said: str  # "`a < b` is `a <= b`"
    source: str


def slips(source: str) -> list[Slip]:
    """Every slip of a module, in the order of its lines; none in what annotates a type, imports or promises."""
    tree = ast.parse(source)
    spared = {id(part) for node in ast.walk(tree) for it in _spared(node) for part in ast.walk(it)}
    nodes = [node for node in ast.walk(tree) if id(node) not in spared]
    functions = [it for it in ast.walk(tree) if isinstance(it, ast.FunctionDef)]
    found = [_made(tree, node, way, functions) for node in nodes for way in range(_ways(node))]
    return sorted(found, key=lambda it: (it.line, it.said))


def _spared(node: ast.AST) -> Iterator[ast.AST]:
    for name in ("annotation", "returns"):
        if kind := getattr(node, name, None):
            yield kind
    match node:
        case ast.Assign(value=ast.Subscript() | ast.BinOp() as alias, targets=[ast.Name(id=name)]) if name.istitle():
            yield alias  # `Group = tuple[str, ...]`
        case ast.keyword(arg="strict", value=ast.Constant(value=True) as promise):
            yield promise  # of `zip`: what it promises is so, or it is an error already


def _made(tree: ast.Module, node: ast.AST, way: int, functions: Sequence[ast.FunctionDef]) -> Slip:
    before, was, slipped = ast.unparse(node), dict(vars(node)), copy.deepcopy(node)
    _slip(slipped, way)
    vars(node).update(vars(slipped))  # in its place in the tree, which is parsed once; and back again
    source = ast.unparse(tree)
    vars(node).update(was)
    line = getattr(node, "lineno", 0)
    around = [it.name for it in functions if it.lineno <= line <= (it.end_lineno or 0)]
    return Slip(line, around[-1] if around else "", f"`{before}` is `{ast.unparse(slipped)}`", source)


def _ways(node: ast.AST) -> int:
    """In how many ways a node can slip."""
    way = 0
    while _slip(copy.deepcopy(node), way):
        way += 1
    return way


def _slip(node: ast.AST, way: int) -> bool:  # noqa: C901, PLR0912 -- one case a kind of node
    """Let a node slip; whether there is such a way."""
    match node:
        case ast.Compare(ops=ops) if way < len(ops):
            ops[way] = OPPOSITE[type(ops[way])]()  # type: ignore[call-overload]
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if way == 0 and type(op) in OPPOSITE:
            node.op = OPPOSITE[type(op)]()  # type: ignore[assignment]
        case ast.BoolOp(values=values) if 1 <= way <= len(values):
            del values[way - 1]  # a condition is forgotten
        case ast.UnaryOp(op=ast.Not(), operand=operand) if way == 0:
            node.operand = ast.UnaryOp(ast.Not(), operand)
        case ast.UnaryOp(op=ast.USub()) if way == 0:
            node.op = ast.UAdd()
        case ast.Constant(value=bool(value)) if way == 0:
            node.value = not value
        case ast.Constant(value=int(value)) if way == 0 and not isinstance(value, bool):
            node.value = value + 1
        case ast.Name(id=name, ctx=ast.Load()) if way == 0 and name in NAMED:
            node.id = NAMED[name]
        case ast.IfExp() if way == 0:
            node.body, node.orelse = node.orelse, node.body
        case _:
            return False
    return True
