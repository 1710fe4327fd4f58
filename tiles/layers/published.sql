-- Published numbers of incidents, frozen once made. $1 keys (null: all), $2 a day (they have no versions; taken so that all layers ask alike).
select id, area_lo, level, (extract(year from month_on) * 12 + extract(month from month_on) - 1)::integer, category_group, threshold,
       case when outcome = 'shown' then incident_count end
  from published_table
 where ($1::bigint[] is null or id = any($1))
   and $2::date is not null
