import type zh from '../zh-CN/warnings'

const en: typeof zh = {
  legend: 'The colour is the gravest warning of the cell; numbers of cells at the right. Warnings speak of cells, cases and facilities, never of persons.',
  title: 'Warnings', sub: '{open} to be looked at, {all} in all', look: 'Look now', looked: 'Looked; the list is new', rule: 'Rule', allRules: 'All rules', ended: 'Ended and false ones too', none: 'No warnings', noneWhy: 'Looked for every night, and on demand.',
  overdue: 'overdue since {day}', due: 'by {day}', raised: 'raised {day}', endedOn: 'no longer holds since {day}', back: 'Back to the list', history: 'What became of it', lit: 'The map shows only the {count} cells of this warning.', room: 'Nearest mediation room', roomIs: '{name}, {distance} in a straight line (standard {standard})', mix: 'Kinds in the 90 days before', mixOne: '{kind} {count}', cell: 'Cell {code}',
  rules: 'Rules and their precision', notJudged: 'not judged yet', precision: 'precision {share} ({confirmed} real, {wrong} false)', backTest: 'would have raised {count} in the last year',
  levels: { blue: 'Blue, latent', yellow: 'Yellow, ordinary', orange: 'Orange, may widen', red: 'Red, grave' },
  states: { open: 'To be looked at', acknowledged: 'Acknowledged', escalated: 'Escalated', downgraded: 'Downgraded', false_alarm: 'False alarm', closed: 'Ended' },
  act: { acknowledge: 'Acknowledge', escalate: 'Escalate', downgrade: 'Downgrade', 'false-alarm': 'False alarm' },
  done: { acknowledge: 'Acknowledged', escalate: 'Escalated to the centre', downgrade: 'Downgraded', 'false-alarm': 'Marked as a false alarm' },
  steps: { raise: 'Raised', level: 'Level changed', acknowledge: 'Acknowledged', escalate: 'Escalated', downgrade: 'Downgraded', false_alarm: 'False alarm', end: 'No longer holds' },
  reason: 'Reason to {act}', reasonWhy: 'The matter, without names, identity or phone numbers.', needReason: 'Say why', changed: 'This warning was changed just now and is loaded anew; look before you decide.', mayNot: 'You see this warning and may not decide on it.',
  numbers: {
    cases_in_90_days: 'Cases in 90 days', days_since_first: 'Days since the first', cases: 'Cases', expected_cases: 'Cases expected', window_days: 'Window, days', recurrence_days: 'By chance once in, days', cells: 'Cells', parties: 'Parties', elapsed_days: 'Days used', clock_days: 'Days allowed',
    used_percent: 'Clock used, %', cases_in_8_weeks: 'Cases in 8 weeks', expected_in_8_weeks: 'Expected in 8 weeks', alarm_weeks: 'Weeks past the line', sum_of_line: 'Sum over its limit', escalated: 'Escalated', risk_level: 'Level of risk', silent_days: 'Days without visit or case', households: 'Households', most_households: 'Most by the rule', cases_in_a_year: 'Cases in a year', p: 'Probability by chance, p', covered_percent: 'Households within reach of a room, %',
  },
}
export default en
