-- Facilities in force on a day. $1 keys of versions (null: all), $2 the day.
select id, facility_id, scope_code, ST_X(geom), ST_Y(geom), kind, name_zh, name_en
  from facilities
 where ($1::bigint[] is null or id = any($1))
   and valid_from <= $2 and (valid_to is null or valid_to > $2)
