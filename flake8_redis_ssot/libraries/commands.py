"""The methods of a client, and of what it hands out, that speak with the server.

As the classes of redis-py 8.1 name them, which has the commands of all its former versions; what other libraries
do not have is not called on their clients.
"""

from __future__ import annotations

from typing import Literal

Effect = Literal["command", "iterator", "closing", "buffered"]
"""What a method does: sends, gives an iterator that sends, ends a connection, or puts off what it would send."""

_COMMANDS = """
acl_cat acl_deluser acl_dryrun acl_genpass acl_getuser acl_help acl_list acl_load acl_log acl_log_reset
acl_save acl_setuser acl_users acl_whoami append arcount ardel ardelrange arget argetrange argrep arinfo
arinsert arlastitems arlen armget armset arnext arop arring arscan arseek arset auth bgrewriteaof bgsave
bitcount bitfield_ro bitop bitpos blmove blmovem blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin
client_getname client_getredir client_id client_info client_kill client_kill_filter client_list
client_no_evict client_no_touch client_pause client_reply client_setinfo client_setname client_tracking
client_tracking_off client_tracking_on client_trackinginfo client_unblock client_unpause cluster
cluster_addslots cluster_addslotsrange cluster_bumpepoch cluster_count_failure_report
cluster_countkeysinslot cluster_delslots cluster_delslotsrange cluster_failover cluster_flushslots
cluster_get_keys_in_slot cluster_info cluster_keyslot cluster_links cluster_meet cluster_myid
cluster_myshardid cluster_nodes cluster_replicas cluster_replicate cluster_reset cluster_save_config
cluster_set_config_epoch cluster_setslot cluster_setslot_stable cluster_shards cluster_slots command
command_count command_docs command_getkeys command_getkeysandflags command_info command_list config_get
config_resetstat config_rewrite config_set copy dbsize debug_object debug_segfault decr decrby delete
delex digest digest_local dump echo eval eval_ro evalsha evalsha_ro execute_command exists expire expireat
expiretime failover fcall fcall_ro flushall flushdb function_delete function_dump function_flush
function_kill function_list function_load function_restore function_stats geoadd geodist geohash geopos
georadius georadiusbymember geosearch geosearchstore get getbit getdel getex getrange getset hdel hello
hexists hexpire hexpireat hexpiretime hget hgetall hgetdel hgetex himport_set hincrby hincrbyfloat hkeys
hlen hmget hmset hotkeys_get hotkeys_reset hotkeys_start hotkeys_stop hpersist hpexpire hpexpireat
hpexpiretime hpttl hrandfield hscan hset hsetex hsetnx hstrlen httl hvals incr incrby incrbyfloat increx
info keys lastsave latency_doctor latency_graph latency_histogram latency_history latency_latest
latency_reset lcs lindex linsert llen lmove lmovem lmpop lolwut lpop lpos lpush lpushx lrange lrem lset
ltrim memory_doctor memory_help memory_malloc_stats memory_purge memory_stats memory_usage mget
mget_nonatomic migrate module_list module_load module_loadex module_unload move mset mset_nonatomic msetex
msetnx object persist pexpire pexpireat pexpiretime pfadd pfcount pfmerge ping psetex pttl publish
pubsub_channels pubsub_numpat pubsub_numsub pubsub_shardchannels pubsub_shardnumsub quit randomkey
readonly readwrite rename renamenx replicaof reset restore role rpop rpoplpush rpush rpushx sadd save scan
scard script_debug script_exists script_flush script_kill script_load sdiff sdiffcard sdiffstore select
set setbit setex setnx setrange shutdown sinter sintercard sinterstore sismember slaveof slowlog_get
slowlog_len slowlog_reset smembers smismember smove sort sort_ro spop spublish srandmember srem sscan
stralgo strlen substr sunion sunioncard sunionstore swapdb time touch transaction ttl type unlink unwatch
wait waitaof watch xack xackdel xadd xautoclaim xcfgset xclaim xdel xdelex xgroup_create
xgroup_createconsumer xgroup_delconsumer xgroup_destroy xgroup_setid xinfo_consumers xinfo_groups
xinfo_stream xlen xnack xpending xpending_range xrange xread xreadgroup xrevrange xtrim zadd zcard zcount
zdiff zdiffstore zincrby zinter zintercard zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember
zrange zrangebylex zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore
zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore
"""
COMMANDS = frozenset(_COMMANDS.split())
"""The commands of a client; `bitfield`, `register_script` and the like send nothing."""

ITERATORS = frozenset(["scan_iter", "hscan_iter", "sscan_iter", "zscan_iter"])
_CLOSING = frozenset(["close", "aclose"])
_SUBSCRIBING_TEXT = """
subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe get_message handle_message
parse_response ping connect run execute_command
"""
_SUBSCRIBING = frozenset(_SUBSCRIBING_TEXT.split())

MODULE_COMMANDS: dict[str, frozenset[str]] = {
    accessor: frozenset(names.split())
    for accessor, names in {
        "bf": "add card create exists info insert loadchunk madd mexists reserve scandump",
        "cf": "add addnx count create delete exists info insert insertnx loadchunk mexists reserve scandump",
        "cms": "incrby info initbydim initbyprob merge query",
        "ft":
            "add_document add_document_hash aggregate aliasadd aliasdel aliaslist aliasupdate"
            " alter_schema_add config_get config_set create_index delete_document dict_add dict_del dict_dump"
            " drop_index dropindex explain get hybrid_search info load_document profile search spellcheck"
            " sugadd sugdel sugget suglen syndump synupdate tagvals",
        "graph":
            "call_procedure commit config delete execution_plan explain flush labels list_keys merge profile"
            " property_keys query relationship_types slowlog",
        "json":
            "arrappend arrindex arrinsert arrlen arrpop arrtrim clear debug delete forget get jsonget"
            " jsonmget jsonset merge mget mset numincrby nummultby objkeys objlen resp set set_file set_path"
            " strappend strlen toggle type",
        "tdigest": "add byrank byrevrank cdf create info max merge min quantile rank reset revrank trimmed_mean",
        "topk": "add count incrby info list query reserve",
        "ts":
            "add alter create createrule decrby delete deleterule get incrby info madd mget mrange mrevrange"
            " nrange nrevrange queryindex querylabels range read revrange",
        "vset": "vadd vcard vdim vemb vgetattr vinfo vlinks vrandmember vrange vrem vsetattr vsim",
    }.items()
}  # fmt: skip
"""The commands of Redis's modules by the method of a client whose object has them (`client.ft("goods").search()`).

The union of redis-py 4.0.2, 4.2.2, 4.4.4, 4.6.0, 5.0.8, 5.3.1, 6.4.0, 7.4.1, 8.0.1 and 8.1.0 and of valkey 6.0.2,
6.1.1 and 6.2.0. `batch_indexer` and a graph's nodes and edges send nothing by themselves, and what looks labels up
(`get_label`) does so once; `bulk` and `explain_cli` are there to say that they are not.
"""

HANDING: dict[str, dict[str, str]] = {
    "client": {
        "client": "client", "pipeline": "pipeline", "multi_exec": "pipeline", "pubsub": "pubsub", "lock": "lock",
        "register_script": "script",
    } | {accessor: accessor for accessor in MODULE_COMMANDS},
    "ft": {"pipeline": "pipeline"},
    "json": {"pipeline": "module pipeline"},
    "ts": {"pipeline": "module pipeline"},
}  # fmt: skip
"""What the methods of an object hand out: a method of that sends over the same client."""

HANDED = frozenset(name for methods in HANDING.values() for name in methods)
"""The names of those methods."""

HANDED_CLASSES = {
    f"{package}{part}.{name}": f"{package}{part}.{client}.{method}"
    for package, client in (("redis", "Redis"), ("valkey", "Valkey"))
    for part in ("", ".asyncio")
    for name, method in (
        ("lock.Lock", "lock"), ("client.PubSub", "pubsub"), ("client.Pipeline", "pipeline"),
    )
}  # fmt: skip
"""Their classes, called by themselves with a client (redis-py 5 to 8, valkey 6), and the method that does the same."""

POOL_ATTRIBUTE = "connection_pool"
"""The attribute of a client that is its pool."""

CONNECTING_SUBSCRIPTION = frozenset(["subscribe", "psubscribe", "ssubscribe", "connect", "ping"])
"""Methods of a subscription that take a connection out of the pool; before them it has none."""

CLOSING_SUBSCRIPTION = _CLOSING | {"reset"}
"""Those that give it back."""

_PIPELINE: dict[Effect, frozenset[str]] = {
    "command": frozenset(["execute", "watch", "immediate_execute_command"]),
    "closing": frozenset(["reset", "discard"]),
    "buffered": COMMANDS.union(*MODULE_COMMANDS.values()),
}
METHODS: dict[str, dict[Effect, frozenset[str]]] = {
    "client": {"command": COMMANDS, "iterator": ITERATORS, "closing": _CLOSING},
    "pipeline": _PIPELINE,
    "module pipeline": _PIPELINE,
    "pubsub": {
        "command": _SUBSCRIBING,
        "iterator": frozenset(["listen"]),
        "closing": CLOSING_SUBSCRIPTION,
    },
    "lock": {"command": frozenset(["acquire", "release", "extend", "reacquire", "locked", "owned"])},
    "script": {"command": frozenset(["__call__"])},
    "pool": {
        "command": frozenset(["get_connection", "acquire"]),
        "closing": frozenset(["disconnect", "aclose", "wait_closed", "release"]),
    },
    **{accessor: {"command": names} for accessor, names in MODULE_COMMANDS.items()},
}
"""What the methods do, by what the object is."""

CONNECTION_COMMANDS = frozenset(
    ["auth", "client_no_evict", "client_no_touch", "client_reply", "client_setinfo", "client_setname"]
    + [
        "client_tracking",
        "client_tracking_off",
        "client_tracking_on",
        "hello",
        "quit",
        "readonly",
        "readwrite",
    ]
    + ["reset", "select"]
)
"""Commands that change the connection over which they are sent, for whatever is sent over it next."""

HOLDING = frozenset(
    ["blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin", "wait", "waitaof"]
    + ["xread", "xreadgroup"]
)
"""Commands that keep their connection until something comes, `xread` and `xreadgroup` if they are told to `block`."""

INERT = frozenset(["register_script", "bitfield", "encoder", "get_encoder"])
"""Members of a client that send nothing and change nothing of it."""

EXPIRING = frozenset(["setex", "psetex", "expire", "pexpire", "expireat", "pexpireat"])
EXPIRY_KEYWORDS = frozenset(["ex", "px", "exat", "pxat", "expire", "timeout", "ttl"])
"""Commands and keywords that say when what is kept ends."""

EXPIRY_UNITS = dict.fromkeys(["ex", "exat", "setex", "expire", "expireat"], "seconds") | dict.fromkeys(
    ["px", "pxat", "psetex", "pexpire", "pexpireat"], "milliseconds"
)
"""Commands and keywords of a client that take such a time, with its unit."""

CONDITIONS = {"nx": "nx", "xx": "xx", "setnx": "nx", "hsetnx": "nx", "msetnx": "nx"}
"""Keywords and commands by which only what is new, or what is there, is written."""

_PLAIN_WRITING = """
set delete incr decr incrbyfloat hset hdel hincrby hincrbyfloat lpush rpush lpop rpop lrem ltrim lset sadd srem spop
smove zadd zrem zincrby zremrangebyscore zremrangebyrank xadd xdel xack xtrim pfadd publish persist
"""
WRITING = {name: frozenset([name]) for name in _PLAIN_WRITING.split()} | {
    name: frozenset(does.split())
    for name, does in {
        "decrby": "decr", "getdel": "delete", "getset": "set", "hmset": "hset", "hsetnx": "hset",
        "incrby": "incr", "mset": "set", "msetnx": "set", "psetex": "set", "setex": "set", "setnx": "set",
        "unlink": "delete",
    }.items()
}  # fmt: skip
"""Commands that change what is kept, each with what it does, by the plainest commands that do so.

Those are left out whose names mean something else of other objects, as of lists and files (`append`, `rename`).
"""

RUNNING_TEXTS = frozenset(
    ["execute_command", "eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro"]
)
"""Commands that send what a text says."""
