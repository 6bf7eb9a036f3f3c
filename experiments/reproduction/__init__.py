"""The thesis reproduced: its table, its series of runs, their tests carried out again, their publication, the page."""
