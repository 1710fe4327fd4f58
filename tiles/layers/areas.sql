-- Areas with their borders. $1 keys of rows (null: all), $2 a day (areas have no versions; taken so that all layers ask alike).
select id, code_lo, level, name_zh, name_en, ST_AsBinary(geom)
  from areas
 where ($1::bigint[] is null or id = any($1))
   and $2::date is not null
