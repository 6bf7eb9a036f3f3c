"""Registration of many pairs: the table of pairs, one pair after the other or several at once, and what is written."""
