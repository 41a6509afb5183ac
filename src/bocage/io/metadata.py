"""Describe a network in ISO 19139 XML, as catalogues and INSPIRE harvesters read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bocage.grid import Bounds
from bocage.schema.profile import Profile
from bocage.units import format_number
from bocage.wording import say

_CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#"
_NAMESPACES = {
    "xmlns:gmd": "http://www.isotc211.org/2005/gmd",
    "xmlns:gco": "http://www.isotc211.org/2005/gco",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_LANGUAGES = {"fr": "fre", "en": "eng"}
# What ISO calls the state of the resource.
_PROGRESS = {
    "en_vigueur": "completed",
    "annule": "historicalArchive",
    "porter_a_connaissance": "completed",
    "projet": "underDevelopment",
    "etude": "completed",
}


def describe_network(
    about: Mapping[str, Any],
    *,
    crs: str,
    bounds: Bounds | None,
    profile: Profile,
    language: str = "fr",
) -> str:
    """Write the metadata of a network.

    Parameters
    ----------
    about : mapping
        ``Network.about``: title, date, legal status, issuer, sources; what is absent is left out.
    crs : str
        As ``"EPSG:2154"``.
    bounds : (west, south, east, north), optional
        In longitude and latitude [degrees].
    profile : Profile
        The standard the tables follow.
    language : {"fr", "en"}

    Returns
    -------
    str
        XML of an ``MD_Metadata`` element; the same network always has the same identifier.
    """
    date = str(about.get("date") or "1970-01-01")[:10]
    title = str(about.get("title") or profile.title(language))
    root = Element("gmd:MD_Metadata", _NAMESPACES)
    identifier = uuid.uuid5(
        uuid.NAMESPACE_URL, f"bocage/{profile.key}/{about.get('territory', '')}/{title}/{date}"
    )
    _text(root, "fileIdentifier", str(identifier))
    _code(root, "language", "LanguageCode", _LANGUAGES.get(language, language))
    _code(root, "characterSet", "MD_CharacterSetCode", "utf8")
    _code(root, "hierarchyLevel", "MD_ScopeCode", "dataset")
    _add_contact(root, "contact", about, "pointOfContact")
    SubElement(SubElement(root, "gmd:dateStamp"), "gco:Date").text = date
    _text(root, "metadataStandardName", "ISO 19115:2003/19139")
    system = SubElement(SubElement(root, "gmd:referenceSystemInfo"), "gmd:MD_ReferenceSystem")
    holder = SubElement(SubElement(system, "gmd:referenceSystemIdentifier"), "gmd:RS_Identifier")
    authority, _, number = crs.partition(":")
    _text(holder, "code", number or authority)
    if number:
        _text(holder, "codeSpace", authority)
    _add_identification(root, about, title, date, bounds, profile, language)
    distribution = SubElement(SubElement(root, "gmd:distributionInfo"), "gmd:MD_Distribution")
    layout = SubElement(SubElement(distribution, "gmd:distributionFormat"), "gmd:MD_Format")
    _text(layout, "name", "GeoPackage")
    _text(layout, "version", "1.4")
    _add_quality(root, about, language)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_identification(
    root: Element,
    about: Mapping[str, Any],
    title: str,
    date: str,
    bounds: Bounds | None,
    profile: Profile,
    language: str,
) -> None:
    data = SubElement(SubElement(root, "gmd:identificationInfo"), "gmd:MD_DataIdentification")
    citation = SubElement(SubElement(data, "gmd:citation"), "gmd:CI_Citation")
    _text(citation, "title", title)
    when = SubElement(SubElement(citation, "gmd:date"), "gmd:CI_Date")
    SubElement(SubElement(when, "gmd:date"), "gco:Date").text = date
    _code(when, "dateType", "CI_DateTypeCode", "creation")
    _text(data, "abstract", say("schema.abstract", language, standard=profile.title(language)))
    status = about.get("status") or {}
    if status.get("kind") in _PROGRESS:
        _code(data, "status", "MD_ProgressCode", _PROGRESS[status["kind"]])
    _add_contact(data, "pointOfContact", about, "owner")
    keywords = SubElement(SubElement(data, "gmd:descriptiveKeywords"), "gmd:MD_Keywords")
    names = [str(one["name"]) for one in about.get("subnetworks") or ()]
    for keyword in (profile.title(language), *names):
        _text(keywords, "keyword", keyword)
    _code(keywords, "type", "MD_KeywordTypeCode", "theme")
    limits = SubElement(SubElement(data, "gmd:resourceConstraints"), "gmd:MD_Constraints")
    for sentence in _limits(about, language):
        _text(limits, "useLimitation", sentence)
    _code(data, "spatialRepresentationType", "MD_SpatialRepresentationTypeCode", "vector")
    resolution = SubElement(SubElement(data, "gmd:spatialResolution"), "gmd:MD_Resolution")
    fraction = SubElement(SubElement(resolution, "gmd:equivalentScale"), "gmd:MD_RepresentativeFraction")
    SubElement(SubElement(fraction, "gmd:denominator"), "gco:Integer").text = str(_scale(about))
    _code(data, "language", "LanguageCode", _LANGUAGES.get(language, language))
    SubElement(SubElement(data, "gmd:topicCategory"), "gmd:MD_TopicCategoryCode").text = "environment"
    if bounds is not None:
        extent = SubElement(SubElement(data, "gmd:extent"), "gmd:EX_Extent")
        box = SubElement(SubElement(extent, "gmd:geographicElement"), "gmd:EX_GeographicBoundingBox")
        west, south, east, north = bounds
        for name, bound in (
            ("westBoundLongitude", west),
            ("eastBoundLongitude", east),
            ("southBoundLatitude", south),
            ("northBoundLatitude", north),
        ):
            SubElement(SubElement(box, f"gmd:{name}"), "gco:Decimal").text = f"{bound:.5f}"


def _limits(about: Mapping[str, Any], language: str) -> list[str]:
    """Say the legal status, the scale and the licences."""
    found = []
    status = about.get("status") or {}
    if status.get("kind") in _PROGRESS:
        kind = say(f"schema.status_{status['kind']}", language)
        sentence = say(
            "schema.status",
            language,
            kind=kind,
            date=str(status.get("date") or ""),
            reference=str(status.get("reference") or ""),
        )
        found.append(sentence.strip())
    found.append(say("schema.scale_limit", language, scale=format_number(_scale(about), 0, language)))
    found += [
        say("schema.licence", language, label=str(source["label"]), licence=str(source["licence"]))
        for source in about.get("sources") or ()
        if source.get("licence")
    ]
    return found


def _add_quality(root: Element, about: Mapping[str, Any], language: str) -> None:
    quality = SubElement(SubElement(root, "gmd:dataQualityInfo"), "gmd:DQ_DataQuality")
    scope = SubElement(SubElement(quality, "gmd:scope"), "gmd:DQ_Scope")
    _code(scope, "level", "MD_ScopeCode", "dataset")
    lineage = SubElement(SubElement(quality, "gmd:lineage"), "gmd:LI_Lineage")
    sources = [str(source["label"]) for source in about.get("sources") or ()]
    if sources:
        text = say("schema.lineage", language, sources=", ".join(sources))
    else:
        text = say("schema.lineage_no_source", language)
    _text(lineage, "statement", text)


def _add_contact(parent: Element, tag: str, about: Mapping[str, Any], role: str) -> None:
    issuer = about.get("issuer") or {}
    party = SubElement(SubElement(parent, f"gmd:{tag}"), "gmd:CI_ResponsibleParty")
    names = [str(issuer[key]) for key in ("directorate", "department", "region") if issuer.get(key)]
    _text(party, "organisationName", names[0] if names else "bocage")
    unit = ", ".join(str(issuer[key]) for key in ("service", "unit") if issuer.get(key))
    if unit:
        _text(party, "positionName", unit)
    if issuer.get("contact"):
        contact = SubElement(SubElement(party, "gmd:contactInfo"), "gmd:CI_Contact")
        address = SubElement(SubElement(contact, "gmd:address"), "gmd:CI_Address")
        _text(address, "electronicMailAddress", str(issuer["contact"]))
    _code(party, "role", "CI_RoleCode", role)


def _scale(about: Mapping[str, Any]) -> int:
    return int(about.get("scale") or 100_000)


def _text(parent: Element, tag: str, text: str) -> None:
    SubElement(SubElement(parent, f"gmd:{tag}"), "gco:CharacterString").text = text


def _code(parent: Element, tag: str, codelist: str, value: str) -> None:
    holder = SubElement(parent, f"gmd:{tag}")
    SubElement(holder, f"gmd:{codelist}", codeList=_CODES + codelist, codeListValue=value).text = value
