-- True if the custom exercises of the athlete still have the revision that was read.
(SELECT exercises_revision FROM athletes WHERE athlete_id = :athlete_id) = :exercises_revision
