-- What somebody must look at, what became of it, the messages that say so and the attempts to
-- send them. The newest row of an alert says how its facts stand; its events say who did what.

CREATE TABLE alert (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    alert_id VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    audience VARCHAR NOT NULL,
    date DATE NOT NULL,
    text VARCHAR NOT NULL,
    suggestion VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    subject_key VARCHAR NOT NULL,
    evaluator VARCHAR,
    evaluator_id VARCHAR,
    criterion VARCHAR NOT NULL,
    line VARCHAR NOT NULL,
    time_point VARCHAR NOT NULL,
    tracking_uid VARCHAR NOT NULL,
    tracking_id VARCHAR NOT NULL,
    numbers JSON NOT NULL,
    provisional BOOLEAN NOT NULL,
    untrusted BOOLEAN NOT NULL,
    lasting BOOLEAN NOT NULL,
    thread VARCHAR NOT NULL
);

CREATE TABLE alert_event (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    event_id VARCHAR NOT NULL,
    alert_id VARCHAR NOT NULL,
    "at" TIMESTAMP NOT NULL,
    as_of DATE NOT NULL,
    change VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    value VARCHAR NOT NULL
);

CREATE TABLE alert_message (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    message_id VARCHAR NOT NULL,
    "at" TIMESTAMP NOT NULL,
    not_before TIMESTAMP NOT NULL,
    channel VARCHAR NOT NULL,
    recipient VARCHAR NOT NULL,
    alert_ids JSON NOT NULL,
    title VARCHAR NOT NULL,
    body VARCHAR NOT NULL
);

CREATE TABLE delivery_attempt (
    revision BIGINT NOT NULL,
    position INTEGER NOT NULL,
    attempt_id VARCHAR NOT NULL,
    message_id VARCHAR NOT NULL,
    "at" TIMESTAMP NOT NULL,
    outcome VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    next_at TIMESTAMP
);

CREATE VIEW current_alert AS
SELECT * FROM alert
QUALIFY row_number() OVER (PARTITION BY alert_id ORDER BY revision DESC, position DESC) = 1;

CREATE VIEW standing_alert AS
SELECT * FROM current_alert WHERE alert_id NOT IN (
    SELECT alert_id FROM (
        SELECT alert_id, change FROM alert_event
        WHERE change NOT IN ('updated', 'assigned', 'escalated', 'noted')
        QUALIFY row_number() OVER (PARTITION BY alert_id ORDER BY revision DESC, position DESC) = 1
    ) WHERE change IN ('resolved', 'withdrawn', 'superseded')
);

CREATE VIEW waiting_message AS
SELECT * FROM alert_message WHERE message_id NOT IN (
    SELECT message_id FROM (
        SELECT message_id, outcome FROM delivery_attempt
        QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY revision DESC, position DESC) = 1
    ) WHERE outcome IN ('sent', 'dead')
);
