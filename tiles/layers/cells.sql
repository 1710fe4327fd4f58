-- Cells in force on a day. $1 keys of versions (null: all), $2 the day.
select id, code, name_zh, name_en, short_name, kind, area_m2, ST_AsBinary(geom)
  from cells
 where ($1::bigint[] is null or id = any($1))
   and valid_from <= $2 and (valid_to is null or valid_to > $2)
