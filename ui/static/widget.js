// <footnote-widget>: the question box for the pages of an intranet.
