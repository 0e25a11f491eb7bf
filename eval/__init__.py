"""How good are the answers? Measured on questions whose answers are known, in the order in which it flows.

    questions, sets, published_sets     what is asked, and what a right answer is; other people's sets
    collection                          the documents of a set in an index
    conditions                          evidence that is composed instead of found
    recording, asking                   the assistant, listened to; one record a question
    journal, runs, run                  records that survive a kill; the folder of a run; a run from end to end
    spans, retrieval_metrics, answer_metrics, citation_metrics, abstention_metrics, calibration_metrics, cost_metrics,
    precision_recall                    every metric, pure, each with its formula and an example worked by hand
    outcomes, scoring, lost_points      what became of one question, its scores, and where it was lost
    statistics, catalogue, summary      intervals and tests; what each figure is called; the figures of a run
    compare, robustness                 two runs, question by question; runs under several conditions
    baseline, gate                      what was accepted, and what may not get worse
    claims, checker, drafts             the check of answers alone, on claims and drafts that people have labelled
    calibrate                           when to answer, fitted anew for another model or collection
    review                              what readers said, as known-answer questions
    tables, differences                 figures for a terminal, of one run and of two
    charts, plots, markup, sections, groups, deciding, worst, report      figures for people, as one page
    commands                            what ``footnote eval`` does
    bench                               what an answer costs

No model judges another here: every figure can be worked out by hand.
"""
