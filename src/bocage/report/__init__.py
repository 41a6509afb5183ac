"""The report: one page that a mayor can read, with its maps, its figures and what they rest on."""

from bocage.report.page import write_report

__all__ = ["write_report"]
