-- Code lists are data: an administrator adds to them, an import with --extend too.

create table code_values (
  list text not null,
  code text not null,
  name_zh text not null,
  name_en text not null,
  position integer not null,
  primary key (list, code)
);
comment on table code_values is 'One row a code of one of the short lists: cell_kind, population_band, dwelling_kind, incident_source, incident_state, complexity, risk_level, parties_kind, urban_rural_class';
comment on column code_values.list is 'Name of the list';
comment on column code_values.code is 'The code as stored in rows';
comment on column code_values.name_zh is 'Name in Chinese';
comment on column code_values.name_en is 'Name in English';
comment on column code_values.position is 'Order in menus, from 1';

create table incident_categories (
  code text primary key check (code ~ '^[0-9]{2}$'),
  name_zh text not null,
  name_en text not null,
  category_group text not null,
  sensitive boolean not null default false
);
comment on table incident_categories is 'Kinds of dispute, in the wording of the people''s mediation statistics';
comment on column incident_categories.code is 'Two digits, ours';
comment on column incident_categories.name_zh is 'Name in Chinese';
comment on column incident_categories.name_en is 'Name in English';
comment on column incident_categories.category_group is 'Group in which numbers are published';
comment on column incident_categories.sensitive is 'True: shown one level coarser and from ten cases on';

create table facility_kinds (
  code text primary key,
  name_zh text not null,
  name_en text not null,
  tier text not null check (tier in ('5min', '10min', '15min', 'policy'))
);
comment on table facility_kinds is 'Kinds of public facility';
comment on column facility_kinds.code is 'F01 to F29, and what an administrator adds';
comment on column facility_kinds.name_zh is 'Name in Chinese';
comment on column facility_kinds.name_en is 'Name in English';
comment on column facility_kinds.tier is 'Tier of the living circle; a higher tier does not stand in for a lower one';

create table service_standards (
  id bigint generated always as identity primary key,
  kind text not null references facility_kinds,
  urban_rural_class text,
  mode text not null check (mode in ('walk', 'drive')),
  minutes real check (minutes > 0),
  metres real check (metres > 0),
  source text not null,
  valid_from date not null,
  valid_to date,
  version integer not null default 1
);
comment on table service_standards is 'How near a kind of facility should be; local policy, editable';
comment on column service_standards.id is 'Key of the row';
comment on column service_standards.kind is 'Kind of facility';
comment on column service_standards.urban_rural_class is 'Class it holds for; null: all';
comment on column service_standards.mode is 'How the way is made';
comment on column service_standards.minutes is 'Minutes on the way';
comment on column service_standards.metres is 'Metres on the way';
comment on column service_standards.source is 'Where the standard stands';
comment on column service_standards.valid_from is 'First civil day it holds';
comment on column service_standards.valid_to is 'First civil day it no longer holds; null: open';
comment on column service_standards.version is 'Counts edits';

create table incident_transitions (
  from_state text not null,
  to_state text not null,
  role text not null,
  guard text not null,
  primary key (from_state, to_state, role)
);
comment on table incident_transitions is 'Which state may follow which, and who may make the step';
comment on column incident_transitions.from_state is 'State before';
comment on column incident_transitions.to_state is 'State after';
comment on column incident_transitions.role is 'Role that may make the step';
comment on column incident_transitions.guard is 'What must be given for it, in words';

grant select on code_values, incident_categories, facility_kinds, service_standards, incident_transitions to maplebridge_app, maplebridge_feed;
grant insert, update on code_values, incident_categories, facility_kinds, service_standards to maplebridge_app;

insert into code_values (list, code, name_zh, name_en, position) values
  ('cell_kind', 'general', '综合网格', 'General cell', 1),
  ('cell_kind', 'dedicated', '专属网格', 'Dedicated cell', 2),
  ('population_band', 'p1_4', '1–4 人', '1–4 people', 1),
  ('population_band', 'p5_9', '5–9 人', '5–9 people', 2),
  ('population_band', 'p10_49', '10–49 人', '10–49 people', 3),
  ('population_band', 'p50_199', '50–199 人', '50–199 people', 4),
  ('population_band', 'p200_plus', '200 人以上', '200 people and more', 5),
  ('dwelling_kind', 'apartment', '楼房', 'Apartments', 1),
  ('dwelling_kind', 'house', '独院', 'House', 2),
  ('dwelling_kind', 'mixed', '商住混合', 'Mixed use', 3),
  ('dwelling_kind', 'dormitory', '集体宿舍', 'Dormitory', 4),
  ('incident_source', 'screening', '网格排查', 'Found by screening', 1),
  ('incident_source', 'walk_in', '群众来访', 'Walk-in', 2),
  ('incident_source', 'hotline_12345', '12345 热线', '12345 hotline', 3),
  ('incident_source', 'petition', '信访', 'Petition', 4),
  ('incident_source', 'police', '警调对接', 'From the police', 5),
  ('incident_source', 'court', '诉调对接', 'From the court', 6),
  ('incident_source', 'procuratorate', '检调对接', 'From the procuratorate', 7),
  ('incident_source', 'department', '部门移送', 'From a department', 8),
  ('incident_source', 'qr', '线上扫码', 'QR code', 9),
  ('incident_state', 'draft', '草稿', 'Draft', 1),
  ('incident_state', 'registered', '已登记', 'Registered', 2),
  ('incident_state', 'accepted', '已受理', 'Accepted', 3),
  ('incident_state', 'not_accepted', '不予受理', 'Not accepted', 4),
  ('incident_state', 'merged', '并案', 'Merged', 5),
  ('incident_state', 'dispatched', '已分流', 'Dispatched', 6),
  ('incident_state', 'in_process', '调处中', 'In process', 7),
  ('incident_state', 'returned', '退回', 'Returned', 8),
  ('incident_state', 'suspended', '中止', 'Suspended', 9),
  ('incident_state', 'agreed', '达成协议', 'Agreed', 10),
  ('incident_state', 'not_agreed', '调解不成', 'Not agreed', 11),
  ('incident_state', 'withdrawn', '撤回', 'Withdrawn', 12),
  ('incident_state', 'referred', '转其他渠道', 'Referred', 13),
  ('incident_state', 'confirmed', '司法确认', 'Confirmed by court', 14),
  ('incident_state', 'closed', '已办结', 'Closed', 15),
  ('incident_state', 'followed_up', '已回访', 'Followed up', 16),
  ('incident_state', 'archived', '已归档', 'Archived', 17),
  ('incident_state', 'reopened', '反复', 'Reopened', 18),
  ('complexity', 'simple', '简易', 'Simple', 1),
  ('complexity', 'ordinary', '一般', 'Ordinary', 2),
  ('complexity', 'complex', '复杂', 'Complex', 3),
  ('complexity', 'hard', '疑难', 'Hard', 4),
  ('risk_level', 'blue', '蓝 隐患', 'Blue, latent', 1),
  ('risk_level', 'yellow', '黄 一般', 'Yellow, ordinary', 2),
  ('risk_level', 'orange', '橙 关注', 'Orange, may widen', 3),
  ('risk_level', 'red', '红 重点', 'Red, cross-department or serious', 4),
  ('parties_kind', 'person', '个人', 'Persons', 1),
  ('parties_kind', 'organisation', '组织', 'Organisations', 2),
  ('parties_kind', 'group', '群体', 'A group', 3),
  ('urban_rural_class', '111', '主城区', 'Main urban area', 1),
  ('urban_rural_class', '112', '城乡结合区', 'Urban fringe', 2),
  ('urban_rural_class', '121', '镇中心区', 'Town centre', 3),
  ('urban_rural_class', '122', '镇乡结合区', 'Town fringe', 4),
  ('urban_rural_class', '123', '特殊区域', 'Special area', 5),
  ('urban_rural_class', '210', '乡中心区', 'Township centre', 6),
  ('urban_rural_class', '220', '村庄', 'Village', 7);

insert into incident_categories (code, name_zh, name_en, category_group, sensitive) values
  ('01', '婚姻家庭', 'Marriage and family', 'family', true),
  ('02', '邻里', 'Neighbours', 'neighbours', false),
  ('03', '房屋、宅基地', 'Housing and homestead', 'housing', false),
  ('04', '合同', 'Contract', 'business', false),
  ('05', '生产经营', 'Production and business', 'business', false),
  ('06', '损害赔偿', 'Damages', 'damages', false),
  ('07', '山林土地', 'Forest and land', 'land', false),
  ('08', '征地拆迁', 'Expropriation and demolition', 'land', false),
  ('09', '环境污染', 'Environment', 'other', false),
  ('10', '劳动争议', 'Labour', 'labour', false),
  ('11', '消费', 'Consumer', 'business', false),
  ('12', '医疗', 'Medical', 'medical', true),
  ('13', '道路交通事故', 'Road accident', 'damages', false),
  ('14', '物业', 'Property management', 'property', false),
  ('15', '旅游', 'Tourism', 'business', false),
  ('16', '知识产权', 'Intellectual property', 'business', false),
  ('17', '互联网', 'Internet', 'business', false),
  ('18', '村务管理', 'Village affairs', 'other', false),
  ('99', '其他', 'Other', 'other', false);

insert into facility_kinds (code, name_zh, name_en, tier) values
  ('F01', '社区服务站', 'Community service post', '5min'),
  ('F02', '幼儿园', 'Kindergarten', '5min'),
  ('F03', '老年人日间照料', 'Elderly day care', '5min'),
  ('F04', '文化活动站', 'Culture post', '5min'),
  ('F05', '小型健身场地', 'Fitness ground', '5min'),
  ('F06', '社区商业/便利店', 'Convenience shop', '5min'),
  ('F07', '公共厕所', 'Public toilet', '5min'),
  ('F08', '人民调解室', 'Mediation room', '5min'),
  ('F09', '志愿服务站', 'Volunteer post', '5min'),
  ('F10', '小学', 'Primary school', '10min'),
  ('F11', '菜市场', 'Market', '10min'),
  ('F12', '社区卫生服务站/村卫生室', 'Health post', '10min'),
  ('F13', '公交站', 'Bus stop', '10min'),
  ('F14', '社区公园', 'Community park', '10min'),
  ('F15', '初中', 'Junior secondary school', '15min'),
  ('F16', '社区卫生服务中心/乡镇卫生院', 'Health centre', '15min'),
  ('F17', '养老院', 'Care home', '15min'),
  ('F18', '文化活动中心', 'Culture centre', '15min'),
  ('F19', '党群服务中心', 'Party–mass service centre', '15min'),
  ('F20', '综治中心/社会治理中心', 'Governance centre', '15min'),
  ('F21', '司法所、公共法律服务站', 'Legal service', '15min'),
  ('F22', '派出所/警务室', 'Police post', '15min'),
  ('F23', '社会心理服务站', 'Psychological service', '15min'),
  ('F24', '新时代文明实践所', 'Civic practice post', '15min'),
  ('F25', '人民法庭/共享法庭', 'Tribunal', 'policy'),
  ('F26', '劳动仲裁庭', 'Labour arbitration', 'policy'),
  ('F27', '医院', 'Hospital', 'policy'),
  ('F28', '应急避难场所', 'Emergency shelter', 'policy'),
  ('F29', '法律援助中心', 'Legal aid centre', 'policy');

insert into service_standards (kind, mode, minutes, metres, source, valid_from)
select code, 'walk',
       case tier when '5min' then 5 when '10min' then 10 else 15 end,
       case tier when '5min' then 300 when '10min' then 500 else 1000 end,
       'GB 50180-2018 as quoted; edit to local policy', date '2018-12-01'
  from facility_kinds where tier <> 'policy';
insert into service_standards (kind, mode, minutes, metres, source, valid_from)
select code, 'drive', null, 10000, 'Default; edit to local policy', date '2018-12-01'
  from facility_kinds where tier = 'policy';

insert into incident_transitions (from_state, to_state, role, guard) values
  ('draft', 'registered', 'supervisor', 'place and category'),
  ('draft', 'registered', 'centre', 'place and category'),
  ('registered', 'accepted', 'supervisor', ''),
  ('registered', 'accepted', 'centre', ''),
  ('registered', 'not_accepted', 'centre', 'reason and advice on other channels'),
  ('registered', 'merged', 'centre', 'the other case'),
  ('accepted', 'dispatched', 'centre', 'risk level, complexity, channel, due date'),
  ('dispatched', 'in_process', 'unit', ''),
  ('dispatched', 'returned', 'unit', 'reason; once'),
  ('returned', 'accepted', 'centre', ''),
  ('in_process', 'suspended', 'unit', 'reason; 30 days at most'),
  ('suspended', 'in_process', 'unit', ''),
  ('in_process', 'agreed', 'unit', 'oral or written'),
  ('in_process', 'not_agreed', 'unit', ''),
  ('in_process', 'withdrawn', 'unit', ''),
  ('not_agreed', 'referred', 'centre', 'channel; parties informed'),
  ('not_agreed', 'closed', 'centre', ''),
  ('referred', 'in_process', 'centre', 'a new leg'),
  ('agreed', 'confirmed', 'unit', ''),
  ('agreed', 'closed', 'unit', 'performance date'),
  ('confirmed', 'closed', 'unit', 'performance date'),
  ('withdrawn', 'closed', 'unit', ''),
  ('closed', 'followed_up', 'supervisor', 'satisfied, partly or not'),
  ('followed_up', 'archived', 'centre', ''),
  ('followed_up', 'reopened', 'centre', 'not satisfied, or relapse within 90 days'),
  ('archived', 'reopened', 'centre', 'written reason'),
  ('reopened', 'accepted', 'centre', '');
