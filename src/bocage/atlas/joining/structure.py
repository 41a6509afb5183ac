"""One structure tree made of those of several documents (ISO 32000-1, 14.7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bocage.atlas.joining.objects import ObjectWriter, write_tree
from bocage.atlas.joining.transfer import Transfer, prefix_string

if TYPE_CHECKING:
    import pikepdf


class Structure:
    """The structure tree of a file that is being written: parts are added in order.

    Parameters
    ----------
    writer : ObjectWriter
    parts : int
        How many will be added.
    language : str
        Of the file.
    """

    def __init__(self, writer: ObjectWriter, parts: int, language: str) -> None:
        self._writer = writer
        self._language = language
        self._digits = len(str(parts))
        self._count = 0
        self._root, self._document = writer.reserve(), writer.reserve()
        self._kids: list[bytes] = []
        self._parents: list[tuple[bytes, bytes]] = []
        self._identifiers: list[tuple[bytes, bytes]] = []
        self._roles: dict[bytes, bytes] = {}
        self._classes: dict[bytes, bytes] = {}
        self._namespaces: list[bytes] = []
        self._next = 0

    def open_part(self, pdf: pikepdf.Pdf, shared: dict[bytes, int]) -> Transfer:
        """Prepare the transfer of a part: its places in the parent tree follow those of parts before."""
        tree = pdf.Root.StructTreeRoot
        renamed = {}
        for role, meaning in tree.get("/RoleMap", {}).items():
            name, said = role.encode(), meaning.unparse()
            if self._roles.setdefault(name, said) != said:
                renamed[name] = name + b"-%d" % self._count
                self._roles[renamed[name]] = said
        transfer = Transfer(
            pdf,
            self._writer,
            shared,
            prefix=b"%0*d " % (self._digits, self._count),
            first_place=self._next,
            roles=renamed,
        )
        transfer.settle(tree, self._document)
        return transfer

    def add_part(self, pdf: pikepdf.Pdf, transfer: Transfer) -> None:
        """Hang the elements of a part under the document, and list its places and identifiers."""
        from pikepdf import Array, Name, String

        tree = pdf.Root.StructTreeRoot
        language = pdf.Root.get("/Lang")
        foreign = language is not None and str(language) != self._language
        kids = []
        for element in _listed(tree.get("/K", Array())):
            if Name.Document == element.S:
                # One document holds the elements of all.
                transfer.settle(element, self._document)
                kids += [_with_page(kid, element) for kid in _listed(element.get("/K", Array()))]
            else:
                kids.append(element)
        for kid in kids:
            if foreign and "/S" in kid and "/Lang" not in kid:
                kid.Lang = String(str(language))
        self._kids += [transfer.express(kid) for kid in kids]
        places = list(_walk(tree.get("/ParentTree"), "/Nums"))
        self._parents += [
            (b"%d" % (self._next + int(place)), transfer.express(value)) for place, value in places
        ]
        named = sorted(_walk(tree.get("/IDTree"), "/Names"), key=lambda pair: bytes(pair[0]))
        prefix = b"%0*d " % (self._digits, self._count)
        self._identifiers += [
            (prefix_string(name.unparse(), prefix), transfer.express(value)) for name, value in named
        ]
        for name, attributes in tree.get("/ClassMap", {}).items():
            transfer.share(attributes)
            said = transfer.express(attributes)
            assert self._classes.setdefault(name.encode(), said) == said, (
                f"the class '{name}' of structure elements differs from part to part"
            )
        for namespace in tree.get("/Namespaces", Array()):
            transfer.share(namespace)
            if (said := transfer.express(namespace)) not in self._namespaces:
                self._namespaces.append(said)
        self._next += 1 + max((int(place) for place, _ in places), default=-1)
        self._count += 1

    def finish(self) -> int:
        """Write the root of the tree, and give its number."""
        writer = self._writer
        writer.write(
            self._document,
            b"<< /Type /StructElem /S /Document /P %d 0 R /K [ %s ] >>" % (self._root, b" ".join(self._kids)),
        )
        parents = writer.reserve()
        write_tree(writer, parents, b"Nums", self._parents)
        entries = [
            b"/Type /StructTreeRoot /K [ %d 0 R ]" % self._document,
            b"/ParentTree %d 0 R /ParentTreeNextKey %d" % (parents, self._next),
        ]
        if self._identifiers:
            names = writer.reserve()
            write_tree(writer, names, b"Names", self._identifiers)
            entries.append(b"/IDTree %d 0 R" % names)
        for key, mapping in ((b"RoleMap", self._roles), (b"ClassMap", self._classes)):
            if mapping:
                pairs = b" ".join(b"%s %s" % pair for pair in sorted(mapping.items()))
                entries.append(b"/%s << %s >>" % (key, pairs))
        if self._namespaces:
            entries.append(b"/Namespaces [ %s ]" % b" ".join(self._namespaces))
        writer.write(self._root, b"<< %s >>" % b" ".join(entries))
        return self._root


def _listed(kids: Any) -> list[Any]:
    """Give the kids of an element, that may be one or many."""
    from pikepdf import Array

    return list(kids) if isinstance(kids, Array) else [kids]


def _with_page(kid: Any, element: pikepdf.Object) -> Any:
    """Give marked content that a document holds itself the page that the document said."""
    from pikepdf import Dictionary, Name

    if isinstance(kid, int):
        return Dictionary(Type=Name.MCR, Pg=element.Pg, MCID=kid)
    if "/S" not in kid and "/Pg" not in kid and "/Pg" in element:
        kid.Pg = element.Pg
    return kid


def _walk(node: pikepdf.Object | None, key: str) -> Iterator[tuple[Any, Any]]:
    """Give the pairs of a number tree or a name tree, in order."""
    if node is None:
        return
    listed = list(node.get(key, ()))
    yield from zip(listed[::2], listed[1::2], strict=True)
    for kid in node.get("/Kids", ()):
        yield from _walk(kid, key)
