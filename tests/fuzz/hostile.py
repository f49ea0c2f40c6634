"""Modules whose shape is hostile: long, deep or circular; each is a function of a random source."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

CLASS_BODY = (
    "    def __init__(self, node=None):\n        self.node = node\n        self.client = redis.Redis()\n"
)


def subclass_chain(random: Random) -> str:
    count = random.choice([5, 60, 1200])
    classes = [f"class C{n}(C{n - 1}):\n    pass\n" for n in range(1, count)]
    if random.random() < 0.3:
        random.shuffle(classes)
    return f"class C0(redis.Redis):\n    pass\n{''.join(classes)}C{count - 1}().get('k')\n"


def subclass_circle(random: Random) -> str:
    count = random.choice([1, 2, 5, 40])
    classes = "".join(f"class C{n}(C{(n + 1) % count}):\n{CLASS_BODY}\n" for n in range(count))
    return f"{classes}C0().client.get('k')\nC{count - 1}().node.node.get('k')\n"


def conditional_chain(random: Random) -> str:
    count = random.choice([3, 30, 800])
    value = random.choice(["redis.Redis()", "redis.Redis", "a", "client"])
    chain = " else ".join(f"{value} if x{n}" for n in range(count))
    branches = "".join(f"elif x == {n}:\n    client = {value}\n" for n in range(count))
    return f"client = {chain} else None\nif x:\n    client = None\n{branches}client.get('k')\n"


def operator_chain(random: Random) -> str:
    operator = random.choice(["+", "or", "and", "@", "|", "==", ",", "if x else", "**"])
    item = random.choice(["redis.Redis()", "a", "lambda: redis.Redis()" if operator == "," else "a()"])
    return f"a = {f' {operator} '.join([item] * random.choice([10, 150, 950, 2500]))}\na.get('k')\n"


def postfix_chain(random: Random) -> str:
    links = random.choice([[".a"], ["()"], ["[0]"], [".a", "()", "['k']"], [".get('k')"], [".pipeline()"]])
    count = random.choice([10, 150, 950, 2500])
    start = random.choice(["redis", "redis.Redis()", "a", "self.client"])
    return f"a = {start}{''.join(random.choice(links) for _ in range(count))}\na.get('k')\n"


def nesting(random: Random) -> str:
    before, after = random.choice(
        [
            ("(", ")"),
            ("[", "]"),
            ("{'k': ", "}"),
            ("f(", ")"),
            ("a[", "]"),
            ("lambda x=", ": x"),
            ("not ", ""),
            ("-", ""),
            ("[x for x in ", "]"),
            ("functools.partial(", ")"),
            ("redis.Redis(connection_pool=", ")"),
            ("(a := ", ")"),
        ]
    )
    count = random.choice([5, 30, 80, 190])
    value = f"{before * count}redis.Redis(){after * count}"
    return f"a = {value}\na.get('k')\nasync def f(self):\n    await {value}\n"


def nested_blocks(random: Random) -> str:
    head = random.choice(["if x:", "def f(self):", "class C(redis.Redis):", "for x in y:", "with a as b:"])
    count = random.choice([5, 18, 90])
    lines = [f"{' ' * n}{head}\n{' ' * (n + 1)}client = redis.Redis()\n" for n in range(count)]
    return f"{''.join(lines)}{' ' * count}client.get('k')\n"


def alias_circle(random: Random) -> str:
    """Names that are each other, by one or several kinds of carrier."""
    count = random.choice([2, 3, 7, 40])
    carriers = [
        "{a} = {b}\n",
        "{a} = {b} or {a}\n",
        "{a}, {b} = {b}, {a}\n",
        "{a} = {b}.node\n",
        "{a} = {b}()\n",
        "{a} = {{'k': {b}}}['k']\n",
        "D['{a}'] = D['{b}']\n{a} = D['{a}']\n",
        "def {a}(x={b}):\n    return x or {b}()\n",
        "{a} = lambda: {b}()\n",
        "@{b}\ndef {a}(f):\n    return f\n",
        "class {a}:\n    x = {b}\n    @property\n    def node(self):\n        return {b}().node\n",
        "for {a} in [{b}, redis.Redis()]:\n    {b} = {a}\n",
        "with {b} as {a}:\n    {b} = {a}\n",
        "{a} = functools.partial({b})\n",
        "{a} = getattr({b}, '{a}')\n",
    ]
    kinds = random.sample(carriers, random.choice([1, 1, 2, 5]))
    text = "".join(random.choice(kinds).format(a=f"n{n}", b=f"n{(n + 1) % count}") for n in range(count))
    start = random.choice(["n0 = redis.Redis()\n", "n1 = redis\n", "D = {}\n", ""])
    return f"{start}{text}n0.get('k')\nn1().get('k')\nasync def use():\n    n0.get('k')\n    n1.Redis()\n"


def attribute_circle(random: Random) -> str:
    """`self.a = self.b`, through calls, properties, items and tree pointers."""
    count = random.choice([2, 3, 4, 12])
    carriers = [
        "self.a{n} = self.a{m}",
        "self.a{n} = self.a{m}.a{n}",
        "self.a{n} = self.a{m}()",
        "self.a{n} = self.a{m} or redis.Redis()",
        "self.a{n}['k'] = self.a{m}['k']",
        "self.a{n}, self.a{m} = self.a{m}, self.a{n}",
        "self.a{n} = self.m{m}()",
        "self.a{n} = C(self.a{m}).a{n}",
        "self = self.a{m}",
        "self.a{n}.a{m} = self",
        "return self.a{m}",
    ]
    lines = []
    for n in range(count):
        chosen = random.sample(carriers, random.choice([1, 2, 4]))
        body = "".join(
            f"        {'if x: ' if random.random() < 0.5 else ''}{line.format(n=n, m=(n + 1) % count)}\n"
            for line in chosen
        )
        decorator = random.choice(["", "", "    @property\n", "    @classmethod\n", "    @a\n"])
        lines.append(f"{decorator}    {random.choice(['', 'async '])}def m{n}(self, x=None):\n{body}")
    init = "    def __init__(self, a=None):\n        self.a0 = a or redis.Redis()\n"
    return f"class C:\n{init}{''.join(lines)}\nC().a0.get('k')\nC().m1().a1.get('k')\n"


def tree_walk(random: Random) -> str:
    """A cursor that is moved through a tree: its value is made of itself, several ways at once."""
    names = ["left", "right", "parent", "next", "prev"][: random.choice([1, 2, 3, 5])]
    moves = "".join(f"        elif x == {n!r}:\n            self.node = self.node.{n}\n" for n in names)
    local = "".join(f"    if x == {n!r}:\n        node = node.{n}\n" for n in names)
    return (
        f"class C:\n{CLASS_BODY}    def go(self, x):\n        if x:\n            pass\n{moves}"
        f"        self.node.client.get('k')\ndef walk(x, node=C()):\n{local}    return node.client\n"
        "walk(1).get('k')\n"
    )


def mutual_recursion(random: Random) -> str:
    count = random.choice([2, 3, 8, 60])
    call = random.choice(["f{m}(x)", "f{m}(f{m}(x))", "f{m}(f{n}(x))", "f{m}(x).f{n}", "f{m}", "C{m}().f()"])
    parts = []
    for n in range(count):
        step = call.format(n=n, m=(n + 1) % count)
        parts.append(f"def f{n}(x=None):\n    if x: return redis.Redis()\n    return {step}\n")
        parts.append(
            f"class C{n}:\n    def __init__(self):\n        self.other = C{(n + 1) % count}()\n"
            f"    def f(self):\n        return self.other.other.f() or {step}\n"
        )
    return (
        f"{''.join(parts)}f0().get('k')\nC0().other.other.f().get('k')\nasync def g():\n    f1().get('k')\n"
    )


def rebindings(random: Random) -> str:
    count = random.choice([10, 300, 3000])
    values = ["redis.Redis()", "client", "client.client", "None", "f(client)", "redis.asyncio.Redis()"]
    chosen = random.sample(values, random.choice([1, 2, 4]))
    lines = [f"    if x{n}: client = {random.choice(chosen)}\n" for n in range(count)]
    uses = "    client.get('k')\n" * random.choice([1, 1, 50])
    head = random.choice(["def f(client=None):\n", "async def f(client=None):\n", "for x in y:\n"])
    return f"{head}{''.join(lines)}{uses}"


def parameter_circle(random: Random) -> str:
    count = random.choice([2, 5, 60])
    functions = "".join(
        f"def p{n}(client=None, *args, **kwargs):\n    client.get('k')\n"
        f"    p{(n + 1) % count}(client, *args, **kwargs)\n    return p{(n + 1) % count}(p{n}(client))\n"
        for n in range(count)
    )
    return f"{functions}p0(redis.Redis())\np{count - 1}(client=p0)\n"


def big_literals(random: Random) -> str:
    count = random.choice([100, 3000])
    value = random.choice(["redis.Redis", "redis.Redis()", "'app.legacy.{n}'", "D", "{{'k': D}}"])
    items = ",\n".join(f"    'k{n}': {value.format(n=n)}" for n in range(count))
    return f"D = {{\n{items}\n}}\nD['k1']().get('k')\nfor k in D: D[k]()\nmock.patch(D['k2'])\n"


def many_calls(random: Random) -> str:
    """As many uses as bindings: what is squared shows here."""
    count = random.choice([50, 700])
    line = random.choice(
        [
            "c{n} = redis.Redis()\nc{n}.get('k')\n",
            "c{n} = redis.Redis(connection_pool=redis.ConnectionPool(host='h{n}'))\n",
            "def get_client{n}():\n    return get_client{m}() or redis.Redis()\n",
            "class M{n}:\n    client = redis.Redis()\n    async def get(self, key):\n"
            "        return self.client.get(key)\n",
            "async def f{n}():\n    c = redis.asyncio.Redis()\n    c.set('k', await c.get('k'))\n",
            "from app.legacy import x{n} as y{n}\ny{n}.get('k')  # noqa: RED101\n",
        ]
    )
    return "".join(line.format(n=n, m=n + 1) for n in range(count))


def star_imports(random: Random) -> str:
    names = [f"m{n}" for n in range(4)] + ["redis_manager", "legacy", "missing"]
    chosen = random.choices(names, k=random.choice([1, 3, 7]))
    form = random.choice(["from .{0} import *\n", "from app.{0} import *\n", "from . import {0}\n"])
    return (
        "".join(form.format(name) for name in chosen) + "client.get('k')\nRedis()\nredis_manager.get('k')\n"
    )


def odd_text(random: Random) -> str:
    """Line ends, blanks and letters that programs tell apart differently."""
    odd = [
        "\f",
        "\v",
        "\x1c",
        "\x85",
        "\u2028",
        "\ufeff",
        "\r",
        "\r\n",
        "\\\n",
        "\t",
        "\x00",
        "ä",
        "\U0001f511",
    ]
    lines = [
        "client = redis.Redis()",
        "x = '''{}''' ; client = redis.Redis()  # noqa: RED201",
        "# {} noqa",
        "'{}'; redis.Redis()",
        "größe = redis.Redis(); größe.get('{}')",
        "if x:\n{}    redis.Redis()  # noqa{}: RED2",
        "f'{{redis.Redis()}}{}'",
    ]
    text = "\n".join(random.choice(lines) for _ in range(random.choice([3, 12])))
    return text.replace("{}", random.choice(odd))


SHAPES: tuple[Callable[[Random], str], ...] = (
    subclass_chain,
    subclass_circle,
    conditional_chain,
    operator_chain,
    postfix_chain,
    nesting,
    nested_blocks,
    alias_circle,
    attribute_circle,
    tree_walk,
    mutual_recursion,
    rebindings,
    parameter_circle,
    big_literals,
    many_calls,
    star_imports,
    odd_text,
)
IMPORTS = "import functools, importlib\nimport redis, redis.asyncio\nfrom unittest import mock\n"


def hostile_module(random: Random) -> bytes:
    """One shape, or some after one another, with the imports that they use."""
    shapes = random.choices(SHAPES, k=random.choice([1, 1, 1, 2]))
    imports = random.choice([IMPORTS, IMPORTS, IMPORTS + "redis = redis.asyncio\n", "from redis import *\n"])
    return (imports + "\n".join(shape(random) for shape in shapes)).encode()
