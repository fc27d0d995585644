"""Celery's settings, each with what goes wrong without it. Loaded when the app first needs them, after the environment.

Checked against celery 5.7.0 and kombu 5.7.0; `override_backends` works only because config_from_object loads this
module.
"""

from kombu.entity import Queue

from senso.redis_access import address
from senso.settings import settings
from senso.worker.queues import ALL_QUEUES, ROUTES, VISIBILITY_SECONDS

GUARDED = "senso.worker.result_backend.GuardedRedisBackend"

broker_url = address().url
result_backend = address().results.url
# Celery, kombu and Flower each parse TLS options of a URL differently, and ignore some of them.
broker_use_ssl = redis_backend_use_ssl = address().tls
override_backends = {"redis": GUARDED, "rediss": GUARDED}

task_serializer = result_serializer = "json"
accept_content = ["json"]
timezone = "UTC"
enable_utc = True

visibility_timeout = VISIBILITY_SECONDS
broker_transport_options = {
    "visibility_timeout": VISIBILITY_SECONDS,
    "unacked_restore_interval": 10,  # the default looks for abandoned messages every 100 s
    "unacked_restore_throttle": 1,
    # Without a timeout a publish or a read hangs for ever on a half-open connection.
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "retry_on_timeout": True,
    "max_connections": 400,  # the default is 10; beyond that it raises
    "queue_order_strategy": "round_robin",
    "priority_steps": [0],  # one list per queue instead of four
}
result_backend_transport_options = {
    "visibility_timeout": VISIBILITY_SECONDS,
    "result_chord_ordered": True,
    "retry_policy": {"max_retries": 20, "interval_start": 0.1, "interval_step": 0.5, "interval_max": 2},
}
broker_connection_retry = True
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # by default a worker exits after 100 tries
# With a lower limit than publishing threads, a worker deadlocks without a log line: each thread waits for a producer.
broker_pool_limit = 200
broker_pool_acquire_timeout = 30
redis_max_connections = 400
redis_socket_timeout = 15
redis_socket_connect_timeout = 5
redis_socket_keepalive = not address().path  # a Unix socket has no such option: its connections would fail
redis_retry_on_timeout = True
result_backend_thread_safe = True  # otherwise each thread has its own backend, client and connections
result_backend_always_retry = True
result_backend_max_retries = 10  # the default has no limit: a dead Redis would block every slot
result_expires = 3600
result_chord_expires = 86400
result_chord_join_timeout = 10

task_acks_late = True  # every task may run twice; an early acknowledgement loses what a killed worker was doing
task_reject_on_worker_lost = True
task_acks_on_failure = True
task_acks_on_timeout = True
# Also for members of chords: on Redis, chords are counted without results (celery 5.7, on_chord_part_return), and their
# bodies read rows.
task_ignore_result = True
task_track_started = False
task_publish_retry = True
task_publish_retry_policy = {"max_retries": 5, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 2}
task_create_missing_queues = False  # a misspelt queue fails at once, instead of storing messages that no worker reads
task_default_queue = "control"
task_queues = [Queue(name) for name in ALL_QUEUES]
task_routes = {name: {"queue": queue} for name, queue in ROUTES.items()}
task_allow_error_cb_on_chord_header = True
task_send_sent_event = True
worker_send_task_events = True
worker_consumer = "senso.worker.events:Consumer"

worker_prefetch_multiplier = 1
worker_disable_prefetch = True  # a message prefetched by a busy worker cannot be taken by an idle one
worker_cancel_long_running_tasks_on_connection_loss = True
worker_soft_shutdown_timeout = settings().soft_shutdown_seconds
worker_enable_soft_shutdown_on_idle = False  # no task waits in a worker's memory: nothing to wait for
worker_hijack_root_logger = False
worker_disable_rate_limits = True
beat_max_loop_interval = 1
beat_cron_starting_deadline = 3600
