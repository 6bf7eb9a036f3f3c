"""One page about finished runs: our figures beside the thesis's, learning curves, pictures.

Only what a run wrote down itself is shown; a run of the thesis that was not carried out has an empty row.
"""

from dirv_tf.report.page import write_report
from dirv_tf.report.run_record import RunRecord, find_runs

__all__ = ["RunRecord", "find_runs", "write_report"]
