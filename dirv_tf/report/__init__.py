"""One page about finished runs: test metrics, learning curves, pictures of what the networks do and have learned.

Only what a run wrote down itself is shown. A report is a document of sections, tables and pictures first, so that
other pages are made of the same parts.
"""

from dirv_tf.report.page import write_report
from dirv_tf.report.run_record import RunRecord, find_runs

__all__ = ["RunRecord", "find_runs", "write_report"]
