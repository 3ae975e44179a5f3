-- A dead letter that was redriven three times is only redriven with force; a filter has no force.
(redrives < 3 OR coalesce(:filter ->> 'force', 0))
