"""Evaluation: how good are the answers? Modules in the order in which a run uses them:

    questions, sets, published_sets     test questions with known answers; conversion of published sets
    collection                          the documents of a set in an index
    conditions                          evidence that is composed instead of retrieved
    recording, asking                   the assistant with a recorder around it; one record per question
    journal, runs, run                  crash-safe records; the folder of a run; a run from start to end
    spans, retrieval_metrics, answer_metrics, citation_metrics, abstention_metrics, calibration_metrics, cost_metrics,
    precision_recall                    every metric: a pure function with its formula and a worked example
    outcomes, scoring, lost_points      the outcome of a question, its scores, and the stage that failed
    statistics, catalogue, summary      intervals and tests; names of metrics; the results of a run
    compare, robustness                 two runs, question by question; runs under several conditions
    baseline, gate                      the accepted results, and what may not get worse
    claims, checker, drafts             the verification of answers alone, on labelled claims and drafts
    conversations                       how messages of a conversation are read
    calibrate                           confidence and thresholds for another model or collection
    review                              reader feedback as test questions
    gaps                                questions without an answer, grouped by subject
    tables, differences                 results for a terminal, of one run and of two
    charts, plots, markup, sections, groups, deciding, worst, report      results as one HTML page
    commands                            the actions of ``footnote eval``
    bench                               the speed of an answer

No model judges another: every number can be checked by hand.
"""
