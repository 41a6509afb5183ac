"""What a document says of itself, to libraries and search: the information dictionary and XMP."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

import bocage

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" \
xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpTPg="http://ns.adobe.com/xap/1.0/t/pg/" \
xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
{entries}
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def describe_document(
    *,
    title: str,
    date: datetime.date,
    author: Sequence[str],
    description: str,
    keywords: Sequence[str],
) -> bytes:
    """Write a document's information dictionary.

    Parameters
    ----------
    title : str
    date : datetime.date
        Said to be that of its making.
    author : sequence of str
    description : str
    keywords : sequence of str

    Returns
    -------
    bytes
        As in the file.
    """
    moment = f"D:{date:%Y%m%d}000000Z"
    said = {
        "Title": title,
        "Author": ", ".join(author),
        "Subject": description,
        "Keywords": ", ".join(keywords),
        "Producer": _producer(),
        "CreationDate": moment,
        "ModDate": moment,
    }
    pairs = b" ".join(b"/%s %s" % (key.encode(), _write(text)) for key, text in said.items() if text)
    return b"<< %s >>" % pairs


def _write(text: str) -> bytes:
    from pikepdf import String

    # Readers understand UTF-16 better than the letters beyond ASCII of PDFDocEncoding.
    plain = text.encode() if text.isascii() else b"\xfe\xff" + text.encode("utf-16-be")
    return bytes(String(plain).unparse())


def describe_in_xmp(
    *,
    title: str,
    language: str,
    date: datetime.date,
    author: Sequence[str],
    description: str,
    keywords: Sequence[str],
    pages: int,
) -> bytes:
    """Write a document's XMP: it follows PDF/UA-1 and says of itself what its dictionary says.

    Parameters
    ----------
    title, description : str
    language : str
        Of title and document.
    date : datetime.date
    author, keywords : sequence of str
    pages : int

    Returns
    -------
    bytes
        The packet, in UTF-8.
    """
    moment = f"{date:%Y-%m-%d}T00:00:00Z"
    entries = [
        "<pdfuaid:part>1</pdfuaid:part>",
        "<dc:format>application/pdf</dc:format>",
        f"<dc:title>{_in_language(title, language)}</dc:title>",
        f"<dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag></dc:language>",
    ]
    if author:
        names = "".join(f"<rdf:li>{escape(name)}</rdf:li>" for name in author)
        entries.append(f"<dc:creator><rdf:Seq>{names}</rdf:Seq></dc:creator>")
    if description:
        entries.append(f"<dc:description>{_in_language(description, language)}</dc:description>")
    if keywords:
        words = "".join(f"<rdf:li>{escape(word)}</rdf:li>" for word in keywords)
        entries.append(f"<dc:subject><rdf:Bag>{words}</rdf:Bag></dc:subject>")
        entries.append(f"<pdf:Keywords>{escape(', '.join(keywords))}</pdf:Keywords>")
    entries += [
        f"<pdf:Producer>{escape(_producer())}</pdf:Producer>",
        f"<xmp:CreateDate>{moment}</xmp:CreateDate>",
        f"<xmp:ModifyDate>{moment}</xmp:ModifyDate>",
        f"<xmpTPg:NPages>{pages}</xmpTPg:NPages>",
    ]
    return _PACKET.format(entries="\n".join(entries)).encode()


def _in_language(text: str, language: str) -> str:
    said = escape(text)
    return (
        f'<rdf:Alt><rdf:li xml:lang="x-default">{said}</rdf:li>'
        f"<rdf:li xml:lang={quoteattr(language)}>{said}</rdf:li></rdf:Alt>"
    )


def _producer() -> str:
    return f"bocage {bocage.__version__}"
