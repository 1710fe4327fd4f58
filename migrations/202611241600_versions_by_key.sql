-- What has versions is looked up by its key and a day. The unique index over the key holds the versions in force without an
-- end alone, and a question that names a day cannot use it: one look read the whole table (a million addresses: 0.2 s, four
-- times an edit).
create index households_versions on households (household_id, valid_from);
create index facilities_versions on facilities (facility_id, valid_from);
