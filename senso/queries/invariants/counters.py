"""I4: counters, metrics and `is_latest` agree with the rows."""

from senso.queries.fragments import answering_model
from senso.queries.invariants.base import IN_SCOPE, OPEN, WORK, Check

RECOUNT = "senso doctor says whether the sweep runs: it counts open batches anew each minute; else report it"
WRONG = "a number that people act on is not what the answers say"
AGAIN = "senso show RUN and senso report ORG; report it with the rows"
MODEL = answering_model("o", "r")
# Counts of each slice of each batch, from the readings alone; a slice without a model or location covers all of them.
CELLS = f"""
    SELECT e.batch_id, q.kind, o.surface, {MODEL} AS slug, l.name, count(*) AS answers,
        count(*) FILTER (WHERE e.mentioned) AS mentioned,
        count(*) FILTER (WHERE e.mentioned AND e.sentiment = 'positive') AS positive,
        count(*) FILTER (WHERE e.mentioned AND e.sentiment = 'neutral') AS neutral,
        count(*) FILTER (WHERE e.mentioned AND e.sentiment = 'negative') AS negative,
        count(*) FILTER (WHERE e.mentioned AND e.sentiment = 'mixed') AS mixed,
        count(e.rank) FILTER (WHERE e.mentioned) AS ranked, sum(e.rank) FILTER (WHERE e.mentioned) AS ranks,
        count(*) FILTER (WHERE e.mentioned AND e.rank = 1) AS firsts,
        10000 * count(e.share_of_text) AS texts, sum(round(10000 * e.share_of_text::numeric)) AS text,
        10000 * count(e.share_of_entries) AS all_entries, sum(round(10000 * e.share_of_entries::numeric)) AS entries,
        sum(k.judged) AS judged, sum(k.supported) AS supported, sum(k.contradicted) AS contradicted
    FROM evaluations e JOIN batches b ON b.id = e.batch_id JOIN question_runs r ON r.id = e.run_id
        JOIN questions q ON q.id = r.question_id JOIN models o ON o.id = r.model_id
        JOIN (SELECT id, concat_ws('/', country, region, city) AS name FROM locations) l ON l.id = r.location_id
        CROSS JOIN LATERAL (
            SELECT count(c.verdict) AS judged, count(*) FILTER (WHERE c.verdict = 'supported') AS supported,
            count(*) FILTER (WHERE c.verdict = 'contradicted') AS contradicted
            FROM claims c WHERE c.evaluation_id = e.id) k
    WHERE {IN_SCOPE} AND e.is_current AND e.state = 'done' AND e.org_id = b.org_id
    GROUP BY e.batch_id, q.kind, o.surface, {MODEL}, l.name
"""
SLICES = f"""
    SELECT batch_id, kind, surface, coalesce(slug, '') AS model, coalesce(name, '') AS location,
        sum(answers) AS answers, sum(mentioned) AS mentioned, sum(positive) AS positive, sum(neutral) AS neutral,
        sum(negative) AS negative, sum(mixed) AS mixed, sum(ranked) AS ranked, coalesce(sum(ranks), 0) AS ranks,
        sum(firsts) AS firsts, sum(texts) AS texts, coalesce(sum(text), 0) AS text, sum(all_entries) AS all_entries,
        coalesce(sum(entries), 0) AS entries, sum(judged) AS judged, sum(supported) AS supported,
        sum(contradicted) AS contradicted
    FROM ({CELLS}) cell GROUP BY batch_id, kind, surface, CUBE (slug, name)
"""
# What each number must be the ratio of; null for those that SQL does not count again: who owns a cited page, and what
# kind of site it is on, is for the rules of `senso.extraction.citations` to say. Numbers of tags are not counted again
# either: questions have today's tags.
COUNTED = """CASE m.name WHEN 'mention_rate' THEN ARRAY[c.mentioned, c.answers]
    WHEN 'average_rank' THEN ARRAY[c.ranks, c.ranked] WHEN 'first_place_share' THEN ARRAY[c.firsts, c.ranked]
    WHEN 'sentiment_positive' THEN ARRAY[c.positive, c.mentioned]
    WHEN 'sentiment_mixed' THEN ARRAY[c.mixed, c.mentioned]
    WHEN 'sentiment_neutral' THEN ARRAY[c.neutral, c.mentioned]
    WHEN 'sentiment_negative' THEN ARRAY[c.negative, c.mentioned]
    WHEN 'net_sentiment' THEN ARRAY[c.positive - c.negative, c.mentioned]
    WHEN 'share_of_text' THEN ARRAY[c.text, c.texts] WHEN 'share_of_entries' THEN ARRAY[c.entries, c.all_entries]
    WHEN 'claims_supported' THEN ARRAY[c.supported, c.judged]
    WHEN 'claims_contradicted' THEN ARRAY[c.contradicted, c.judged]
    WHEN 'claims_not_covered' THEN ARRAY[c.judged - c.supported - c.contradicted, c.judged]
    END::bigint[]"""
OUTCOMES = "m.name IN ('named_and_cited', 'named_only', 'cited_only', 'neither')"
CITATIONS = "(m.name = 'owned_citation_rate' OR m.name LIKE 'citation_share%')"
# Batches that have ended, each with its last push: an episode that is blocked has none.
PUSHED = f"""
    SELECT b.id AS batch_id, p.body FROM batches b JOIN pushes p ON p.batch_id = b.id
        AND p.episode = CASE WHEN b.state = 'blocked'
            THEN (SELECT max(l.episode) FROM pushes l WHERE l.batch_id = b.id) ELSE b.episode END
    WHERE {IN_SCOPE} AND b.state NOT IN {OPEN} OFFSET 0
"""
# The metrics in the last push of each batch, as they were sent to the application.
TOLD = f"""
    SELECT p.batch_id, t.name, t.slice->>'kind' AS kind, t.slice->>'surface' AS surface,
        coalesce(t.slice->>'model', '') AS model, coalesce(t.slice->>'location', '') AS location,
        coalesce(t.slice->>'tag', '') AS tag, t.value,
        t.numerator, t.denominator, t.low, t.high, t.method, t.rule_version, t.about, t.answers, t.questions,
        t.effective_n, t.these_low, t.these_high, t.these_method
    FROM ({PUSHED}) p, jsonb_to_recordset(p.body->'metrics') AS t (name text, slice jsonb, value float8,
        numerator bigint, denominator bigint, low float8, high float8, method text, rule_version text, about text,
        answers bigint, questions bigint, effective_n float8, these_low float8, these_high float8, these_method text)
"""
KEPT = f"""
    SELECT m.batch_id, m.name, m.kind, m.surface, coalesce(m.model, '') AS model,
        coalesce(m.location, '') AS location, coalesce(m.tag, '') AS tag, m.value, m.numerator, m.denominator,
        m.low, m.high, m.method, m.rule_version, m.about, m.answers, m.questions, m.effective_n, m.these_low,
        m.these_high, m.these_method
    FROM metrics m JOIN ({PUSHED}) p ON p.batch_id = m.batch_id
"""


def mark(numbers: str) -> str:
    """A hash of all metrics of a batch, independent of their order, to compare many batches cheaply."""
    return (
        f"SELECT batch_id, count(*) AS count, bit_xor(hash_record_extended(n, 0)) AS mark FROM ({numbers}) n GROUP BY 1"
    )


CHECKS = (
    Check(
        "I4",
        "what is planned and what remains are counted in the rows",
        "a batch that counts wrong ends too early, or not before its deadline",
        RECOUNT,
        f"""
        SELECT b.id AS batch, b.state, b.planned, b.remaining, c.rows, c.open FROM batches b, {WORK} c
        WHERE {IN_SCOPE} AND (coalesce(b.planned, 0) <> c.rows OR (b.planned IS NULL AND b.remaining IS NOT NULL)
            OR (b.state = 'queued' AND b.remaining IS NOT NULL)
            OR (b.state <> 'queued' AND coalesce(b.remaining, 0) <> c.open)
            OR (b.remaining IS NULL AND b.planned IS NOT NULL AND b.state NOT IN {OPEN}))
        """,
    ),
    Check(
        "I4",
        "the latest answer is the newest one, and one alone",
        "the newest answer to a question is not the one that is shown",
        AGAIN,
        f"""
        SELECT r.id AS run, r.state, r.is_latest FROM question_runs r JOIN batches b ON b.id = r.batch_id
        WHERE {IN_SCOPE} AND ((r.is_latest AND (r.state <> 'answered' OR b.planned IS NULL
                OR (b.state IN {OPEN} AND b.episode = 1)))
            OR (r.state = 'answered' AND NOT r.is_latest AND b.state NOT IN {OPEN}
                AND (b.kind = 'network' OR EXISTS (SELECT FROM metrics m WHERE m.batch_id = b.id)) AND NOT EXISTS (
                SELECT FROM question_runs n JOIN batches nb ON nb.id = n.batch_id
                WHERE n.is_latest AND nb.batch_date >= b.batch_date AND n.id <> r.id
                    AND (n.subject_id, n.question_id, n.model_id, n.location_id, n.sample)
                        = (r.subject_id, r.question_id, r.model_id, r.location_id, r.sample))))
        """,
    ),
    Check(
        "I4",
        "each number is its numerator over its denominator, inside its interval",
        WRONG,
        AGAIN,
        f"""
        SELECT m.batch_id AS batch, m.name, m.value, m.numerator, m.denominator, m.low, m.high
        FROM (
            SELECT m.*, max(m.denominator) FILTER (WHERE m.name = 'mention_rate')
                OVER (PARTITION BY m.batch_id, m.kind, m.surface, m.model, m.location, m.tag) AS of_answers
            FROM metrics m JOIN batches b ON b.id = m.batch_id WHERE {IN_SCOPE}) m
        WHERE m.denominator < 0 OR (m.numerator < 0 AND m.name <> 'net_sentiment')
            OR (m.denominator = 0) <> (m.value IS NULL) OR (m.value IS NULL AND (m.low, m.high) IS NOT NULL)
            OR (m.low IS NULL) <> (m.high IS NULL)
            OR (m.method LIKE 'wilson%' AND m.value IS NOT NULL AND m.low IS NULL)
            OR abs(m.value - m.numerator::float8 / nullif(m.denominator, 0)) > 1e-9
            OR m.value NOT BETWEEN m.low - 1e-9 AND m.high + 1e-9
            OR m.value NOT BETWEEN m.these_low - 1e-9 AND m.these_high + 1e-9
            OR (m.about IS NOT NULL AND (m.value IS NULL) <> (m.these_low IS NULL))
            OR (m.rule_version = 'score-3' AND num_nulls(m.about, m.answers, m.questions, m.these_method) > 0)
            OR m.answers <> m.of_answers
        """,
    ),
    # Postgres hashes a full join; for a left one it may count all readings again for each metric, where it does not
    # know yet how many rows there are. What is counted and has no metric is no violation: its batch has not ended.
    Check(
        "I4",
        "each rate is counted in the readings of its slice",
        WRONG,
        AGAIN,
        f"""
        SELECT m.batch_id AS batch, m.name, m.kind, m.surface, m.model, m.location, m.numerator, m.denominator,
            c.answers, c.mentioned
        FROM ({KEPT}) m FULL JOIN ({SLICES}) c ON (c.batch_id, c.kind, c.surface, c.model, c.location)
            = (m.batch_id, m.kind, m.surface, m.model, m.location)
        WHERE coalesce(m.tag, '') = '' AND (c.batch_id IS NULL OR ARRAY[m.numerator, m.denominator] <> {COUNTED}
            OR (m.name = 'share_of_voice' AND (m.numerator <> c.mentioned OR m.denominator < c.mentioned)))
        """,
    ),
    Check(
        "I4",
        "the parts of each slice add up to the whole",
        WRONG,
        AGAIN,
        f"""
        SELECT m.batch_id AS batch, m.kind, m.surface, m.model, m.location, m.tag,
            sum(m.numerator) FILTER (WHERE {OUTCOMES}) AS outcomes,
            sum(m.numerator) FILTER (WHERE {CITATIONS}) AS citations, max(m.denominator) FILTER (WHERE {CITATIONS})
        FROM metrics m JOIN batches b ON b.id = m.batch_id WHERE {IN_SCOPE}
        GROUP BY m.batch_id, m.kind, m.surface, m.model, m.location, m.tag
        HAVING bool_or(m.name LIKE 'citation_share%') AND (
            min(m.answers) <> max(m.answers)
             OR sum(m.numerator) FILTER (WHERE {OUTCOMES}) <> max(m.answers)
            OR sum(m.numerator) FILTER (WHERE {CITATIONS}) <> max(m.denominator) FILTER (WHERE {CITATIONS})
            OR min(m.denominator) FILTER (WHERE {CITATIONS}) <> max(m.denominator) FILTER (WHERE {CITATIONS}))
        """,
    ),
    Check(
        "I4",
        "the answers of a tag are among those of its pool",
        WRONG,
        AGAIN,
        f"""
        SELECT t.batch_id AS batch, t.name, t.kind, t.surface, t.tag, t.numerator, t.denominator,
            m.numerator AS of_all, m.denominator AS all
        FROM metrics t JOIN batches b ON b.id = t.batch_id LEFT JOIN metrics m
            ON (m.batch_id, m.name, m.kind, m.surface) = (t.batch_id, t.name, t.kind, t.surface)
            AND m.model IS NULL AND m.location IS NULL AND m.tag IS NULL
        WHERE {IN_SCOPE} AND t.tag IS NOT NULL AND (m.batch_id IS NULL OR num_nonnulls(t.model, t.location) > 0
            OR t.answers > m.answers OR t.denominator > m.denominator
            OR (t.numerator > m.numerator AND t.name <> 'net_sentiment'))
        """,
    ),
    Check(
        "I4",
        "each slice has every number once",
        WRONG,
        AGAIN,
        f"""
        SELECT b.id AS batch, count(m.batch_id) AS slices, min(m.numbers) AS least, max(m.numbers) AS most
        FROM batches b LEFT JOIN (
            SELECT batch_id, count(*) AS numbers, bit_xor(hashtextextended(name, 0)) AS names,
                min(rule_version) AS oldest, max(rule_version) AS newest
            FROM metrics WHERE batch_id IN (SELECT b.id FROM batches b WHERE {IN_SCOPE})
            GROUP BY batch_id, kind, surface, model, location, tag) m ON m.batch_id = b.id
        WHERE {IN_SCOPE} AND b.org_id IS NOT NULL AND b.state IN ('completed', 'partial')
        GROUP BY b.id HAVING count(m.batch_id) = 0 OR min(m.oldest) <> max(m.newest)
            OR min(m.numbers) <> max(m.numbers) OR min(m.names) <> max(m.names)
        """,
    ),
    Check(
        "I4",
        "the numbers that were pushed are the numbers that are kept",
        "the application shows other numbers than senso report",
        AGAIN,
        f"""
        WITH different AS MATERIALIZED (
            SELECT batch_id AS id FROM ({mark(KEPT)}) m FULL JOIN ({mark(TOLD)}) t USING (batch_id)
            WHERE (m.count, m.mark) IS DISTINCT FROM (t.count, t.mark))
        SELECT coalesce(m.batch_id, t.batch_id) AS batch, coalesce(m.name, t.name) AS name, m.numerator, m.denominator,
            t.numerator AS told_numerator, t.denominator AS told_denominator
        FROM (SELECT * FROM ({KEPT}) k WHERE batch_id IN (SELECT id FROM different)) m
            FULL JOIN (SELECT * FROM ({TOLD}) k WHERE batch_id IN (SELECT id FROM different)) t
            ON (t.batch_id, t.name, t.kind, t.surface, t.model, t.location, t.tag)
                = (m.batch_id, m.name, m.kind, m.surface, m.model, m.location, m.tag)
        WHERE EXISTS (SELECT FROM different) AND (m.value, m.numerator, m.denominator, m.low, m.high, m.method,
            m.rule_version, m.about, m.answers, m.questions, m.effective_n, m.these_low, m.these_high, m.these_method)
            IS DISTINCT FROM (t.value, t.numerator, t.denominator, t.low, t.high, t.method, t.rule_version,
                t.about, t.answers, t.questions, t.effective_n, t.these_low, t.these_high, t.these_method)
        """,
    ),
    Check(
        "I4",
        "a push says what was charged, spent and counted",
        "the application shows other credits or counts than the ledger",
        AGAIN,
        f"""
        SELECT p.batch_id AS batch, t.charged AS told, coalesce(l.charged, 0) AS charged, t.counts
        FROM (SELECT * FROM ({PUSHED}) x) p JOIN batches b ON b.id = p.batch_id
            LEFT JOIN (SELECT batch_id, -sum(credits) AS charged FROM ledger WHERE entry = 'charge' AND batch_id IN (
                SELECT b.id FROM batches b WHERE {IN_SCOPE}) GROUP BY 1) l ON l.batch_id = b.id
            LEFT JOIN (
                SELECT batch_id, count(*) AS done FROM evaluations WHERE state = 'done' AND is_current AND batch_id IN (
                    SELECT b.id FROM batches b WHERE {IN_SCOPE}) GROUP BY 1
                UNION ALL
                SELECT batch_id, count(*) FROM question_runs WHERE state = 'answered' AND batch_id IN (
                    SELECT b.id FROM batches b WHERE {IN_SCOPE} AND b.kind = 'network') GROUP BY 1
            ) e ON e.batch_id = b.id,
            jsonb_to_record(p.body) AS t (charged bigint, counts jsonb)
        WHERE t.charged <> coalesce(l.charged, 0) OR (t.counts->>'evaluated')::bigint <> coalesce(e.done, 0)
            OR (t.counts->>'planned')::bigint <> b.planned
        """,
    ),
)
