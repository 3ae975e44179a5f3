-- Those rows of the table expression `page` that one result holds: the first ones, at most :limit, with at most :bytes_max
-- bytes, and at least one. `found` is the number of all rows of the page, which reads one more than the limit.
SELECT * FROM (
    SELECT
        *, count(*) OVER () AS found, row_number() OVER () AS place,
        sum(bytes) OVER (ROWS UNBOUNDED PRECEDING) AS total
    FROM page
)
WHERE place <= :limit AND (place = 1 OR total <= :bytes_max)
