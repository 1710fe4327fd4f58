export default {
  legend: '颜色为该网格最高的预警级别，右列为网格数。预警说的是网格、案件和设施，不说人。',
  title: '预警', sub: '待处置 {open} 条，共 {all} 条', look: '立即检查', looked: '检查完毕，列表已更新', rule: '规则', allRules: '全部规则', ended: '含已结束和误报', none: '没有预警', noneWhy: '每晚检查一次，也可立即检查。',
  overdue: '超期（{day}到期）', due: '{day}前处置', raised: '{day}发出', endedOn: '{day}起不再成立', back: '回到预警列表', history: '经过', lit: '地图上只亮这条预警的 {count} 个网格。', room: '最近的人民调解室', roomIs: '{name}，直线 {distance}（标准 {standard}）', mix: '发出前 90 天的类别', mixOne: '{kind} {count} 件', cell: '网格 {code}',
  rules: '规则与准确率', notJudged: '还没有评判', precision: '准确率 {share}（属实 {confirmed}，误报 {wrong}）', backTest: '近一年回测 {count} 条',
  levels: { blue: '蓝 隐患', yellow: '黄 一般', orange: '橙 关注', red: '红 重点' },
  states: { open: '待处置', acknowledged: '已确认', escalated: '已提级', downgraded: '已降级', false_alarm: '误报', closed: '已结束' },
  act: { acknowledge: '确认', escalate: '提级', downgrade: '降级', 'false-alarm': '标为误报' },
  done: { acknowledge: '已确认', escalate: '已提级，转综治中心', downgrade: '已降级', 'false-alarm': '已标为误报' },
  steps: { raise: '发出', level: '级别变化', acknowledge: '确认', escalate: '提级', downgrade: '降级', false_alarm: '标为误报', end: '不再成立' },
  reason: '{act}的理由', reasonWhy: '写事由，不写姓名、身份证号和手机号。', needReason: '写明理由', changed: '这条预警刚被改过，已重新载入，看过再定。', mayNot: '您可以看这条预警，但没有处置的权限。',
  numbers: {
    cases_in_90_days: '90 天内件数', days_since_first: '距第一件（天）', cases: '件数', expected_cases: '预期件数', window_days: '时窗（天）', recurrence_days: '偶然一遇（天）', cells: '网格数', parties: '当事方数', elapsed_days: '已用（天）', clock_days: '时限（天）',
    used_percent: '时限用去（%）', cases_in_8_weeks: '8 周件数', expected_in_8_weeks: '8 周预期件数', alarm_weeks: '越线周数', sum_of_line: '累积和与界限之比', escalated: '已提级', risk_level: '风险等级', silent_days: '无走访无纠纷（天）', households: '户数', most_households: '规模上限（户）', cases_in_a_year: '一年件数', p: '偶然如此的概率 p', covered_percent: '调解室服务距离内的户（%）',
  },
}
