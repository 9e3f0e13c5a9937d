/**
 * Every limit of the product, with its unit and its reason. Relations between them are checked by a test.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Members of a cluster. Mokka tries every combination of a quorum's keys: 180 ms at seven, 3 s at eleven (HAZARDS, mokka 11). */
export const MEMBERS_MAX = 7;

/** A log's key, bytes of UTF-8. */
export const KEY_BYTES_MAX = KiB;

/** A log's value, bytes of UTF-8: an entry must fit a frame, and a frame must not hold up heartbeats for long. */
export const VALUE_BYTES_MAX = MiB;

/** One line of input, bytes: the largest command (value, key, words) with room for what makes it TOO_LARGE by name. */
export const LINE_BYTES_MAX = 2 * MiB;

/** Commands of one prompt or pipe that wait for their answers at once. More input is not read until some are answered. */
export const COMMANDS_IN_FLIGHT_MAX = 256;

/**
 * What the commands of all prompts of a process, stdin's and the socket's, may hold together, bytes: values of adds and
 * answers. Over it a prompt has COMMAND_BYTES_OWN and one command, and more wait until some are answered and read.
 */
export const COMMAND_BYTES_IN_FLIGHT_MAX = 16 * MiB;

/** What each prompt may hold beside that, bytes: small commands go on at full speed, whatever others hold. */
export const COMMAND_BYTES_OWN = 256 * KiB;

/** What a reading command is taken to hold before its answer is known, bytes: a largest value at two bytes a character. */
export const READ_BYTES_RESERVED = 2 * VALUE_BYTES_MAX;

/** A longer answer is made in pieces of so many characters, each when those before it are read: JSON is up to six times as long. */
export const ANSWER_PIECE_LENGTH = 16 * KiB;

/** How long all prompts together may work in one turn of the event loop, ms: then heartbeats and the log have theirs. */
export const COMMANDS_TURN_MS = 5;

/** Log records that wait for a reader of stderr, bytes; over it records are dropped and counted. */
export const LOG_BYTES_WAITING_MAX = MiB;

/** Lines that the prompt remembers between runs, and the longest of them, characters. */
export const HISTORY_LINES_MAX = 1000;
export const HISTORY_LINE_LENGTH_MAX = 4096;

/** Keys that completion offers: the recent ones. */
export const RECENT_KEYS_MAX = 100;

/** A clean stop, ms: less than the 5 s that whoever sent SIGTERM is promised. What hangs longer is cut. */
export const STOP_MS_MAX = 4500;

/** Of it, ms for commands in flight to be answered before the node leaves its peers. */
export const STOP_ANSWERS_MS_MAX = 1500;

/** Bytes of entries in one append message: large enough to amortise a sync, small enough to store in a few ms. */
export const APPEND_BYTES_MAX = 256 * KiB;

/**
 * Bytes that a leader puts on disk in one step, and entries that it makes of pushes for it: while it does, it sends no
 * heartbeat. In a process that has just started, an entry takes fifty times as long as later.
 */
export const FLUSH_BYTES_MAX = MiB;
export const FLUSH_ENTRIES_MAX = 512;

/** Entries in one append message, so that many tiny entries do not hold the follower's event loop. */
export const APPEND_ENTRIES_MAX = 512;

/**
 * Entries after commitIndex over which a leader makes none of pushes, which wait: many times what is under way at full
 * speed, and few enough that the commit of all of them is a short step.
 */
export const UNCOMMITTED_ENTRIES_MAX = 8192;

/**
 * The same in bytes: until they are committed a node keeps them in memory, and the journal's files that hold them. Twice
 * what can be under way at full speed.
 */
export const UNCOMMITTED_BYTES_MAX = 64 * MiB;

/** Append messages to one follower that may be unanswered: keeps the link busy over one round trip and one sync. */
export const APPENDS_IN_FLIGHT_MAX = 8;

/** Bytes of entries to one follower that may be unanswered: what a frozen follower can cost the leader. */
export const APPEND_BYTES_IN_FLIGHT_MAX = 4 * MiB;

/**
 * Entries, and their bytes, that may wait for the leader's next tick, a few ms, before they go to a follower that no
 * commit needs: one at a time they would cost more in messages than in work. More are worth a message of their own.
 */
export const LATE_ENTRIES_MAX = 8;
export const LATE_BYTES_MAX = 4 * KiB;

/** Bytes of pushes in one message from a follower to the leader (one push at least): made and read in a short step. */
export const FORWARD_BYTES_MAX = 256 * KiB;

/** Recent entries kept in memory, bytes and number, so that followers close behind are served without the disk. */
export const RECENT_BYTES_MAX = 8 * MiB;
export const RECENT_ENTRIES_MAX = 4096;

/** Entries whose (session, nonce) is remembered: bounds memory and start-up time (Raft dissertation, 6.3). */
export const REMEMBERED_PUSHES_MAX = 131_072;

/** Of these, read back from the store every few ms after a start, entries and bytes: a step must not hold up heartbeats. */
export const REMEMBER_STEP_ENTRIES = 256;
export const REMEMBER_STEP_BYTES = MiB;

/** One frame between nodes, bytes: the largest message (an append whose one entry is of the largest size) and its framing. */
export const FRAME_BYTES_MAX = 4 * MiB;

/** Pushes in one message from a follower to the leader, and answers in one message back, for the same reason. */
export const FORWARD_PUSHES_MAX = 512;

/** cluster.json and a key file, bytes: many times what seven members need, so that a wrong path is not read whole. */
export const CONFIG_FILE_BYTES_MAX = 64 * KiB;

/** Faults that one start message lists: it is one line, and a person mends no more at once. */
export const CONFIG_FAULTS_SHOWN_MAX = 20;

/** Shortest heartbeat, ms: below it, timers and the sync of a vote take as long as the heartbeat. */
export const HEARTBEAT_MS_MIN = 10;

/** Longest heartbeat, ms: above it, a dead leader is noticed only after half a minute. */
export const HEARTBEAT_MS_MAX = 10_000;

/** Longest election timeout, ms. */
export const ELECTION_TIMEOUT_MS_MAX = 60_000;

/** An election timeout is at least so many heartbeats, so that one late heartbeat deposes no healthy leader (Raft 5.6). */
export const ELECTION_TIMEOUT_HEARTBEATS_MIN = 3;

/** Unanswered appends are given up and sent again after this time, ms: longer than a slow sync, shorter than a user's patience. */
export const APPEND_RESEND_MS = 500;

/**
 * A follower's process is probed no sooner than this after the one before it was met, ms: no real one starts faster,
 * and each that has lost its disk costs the log an empty entry.
 */
export const PROCESS_MET_MS_MIN = 500;

/**
 * A follower that holds other entries for committed than its leader is looked at again after this time, ms: soon after
 * a person has decided which history to keep, and next to no work until then.
 */
export const DIVERGENCE_PROBE_MS = 1_000;

/** How long a push is tried by itself unless its caller says otherwise, ms: several elections. */
export const PUSH_DEADLINE_MS = 10_000;

/** A push whose answer is overdue is sent again after this time, ms. */
export const PUSH_RETRY_MS = 1_000;

/** How often deadlines of pushes are looked at, ms. */
export const PUSH_CHECK_MS = 50;

/** Pushes that are ended or sent again after one such look; the others follow with the next tick. */
export const PUSH_CHECK_STEP = 1024;

/**
 * Pushes that wait for their answers on one node, and their bytes; more are refused (BUSY). Ten thousand at once have
 * room; what waits is committed well within PUSH_DEADLINE_MS, and lists of it are made within a millisecond.
 */
export const PUSHES_WAITING_MAX = 16_384;
export const PUSHES_WAITING_BYTES_MAX = 64 * MiB;

/**
 * Pushes under way from a follower to the leader, and their bytes; the others wait at the follower. Enough for full
 * speed; the leader has to hold them, and they are below what a link may hold.
 */
export const FORWARDS_IN_FLIGHT_MAX = 8192;
export const FORWARD_BYTES_IN_FLIGHT_MAX = 8 * MiB;

/**
 * Forwarded pushes of one follower that wait at the leader, and their bytes: twice what may be under way, since it
 * sends again what is overdue. More are dropped: their follower tries them again.
 */
export const FORWARDS_WAITING_MAX = 2 * FORWARDS_IN_FLIGHT_MAX;
export const FORWARD_BYTES_WAITING_MAX = 2 * FORWARD_BYTES_IN_FLIGHT_MAX;

/** Committed entries that a follower searches for its own pushes in one step: they may have to be read from disk. */
export const ANSWER_STEP_ENTRIES = 512;

/** How long a read that missed waits for the leader's confirmation, ms. */
export const READ_DEADLINE_MS = 10_000;

/** A confirmation that does not come is asked for again after this time, ms. */
export const READ_CONFIRM_RETRY_MS = 300;

/**
 * How long `info` and `status` wait for the own log to hold what this node has acknowledged, ms: many heartbeats, and
 * less than a person's patience. A node that is far behind says then how far.
 */
export const OWN_LOG_MS_MAX = 1_000;

/** Reads that may wait for a confirmation on one node; more are refused (BUSY). As many as pushes, for the same reasons. */
export const READS_WAITING_MAX = PUSHES_WAITING_MAX;

/** The first frame on a link, bytes, so that nobody unknown is given memory: a hello has 64. */
export const HELLO_FRAME_BYTES_MAX = 64;

/** One packet of the election, bytes: its fields have at most 1 KiB, and JSON is not read further than it may matter. */
export const ELECTION_PACKET_BYTES_MAX = 4 * KiB;

/**
 * How far a node follows a packet's term above its own at once: more elections than a member can miss. So one lie
 * cannot take the cluster to the last term that an entry can hold, after which nobody can be elected.
 */
export const TERMS_AHEAD_MAX = 1_000_000;

/** Packets in one answer: axon's frames carry 15 arguments, of which axon's own error and id are two. */
export const ANSWER_PACKETS_MAX = 13;

/** One packet, bytes: a frame less its framing (a meta byte, three lengths, error, id and the packet's kind). */
export const PACKET_BYTES_MAX = FRAME_BYTES_MAX - 64;

/**
 * Bytes sent to one peer and not yet answered; over it the link is dropped, and the log catches up later. TLS holds
 * up to three copies of what waits for a frozen peer, so that it costs less than 64 MiB.
 */
export const LINK_BYTES_UNANSWERED_MAX = 16 * MiB;

/** Requests to one peer that may be unanswered: bounds axon's table of callbacks (HAZARDS, axon 1). */
export const LINK_REQUESTS_UNANSWERED_MAX = 16_384;

/** Answers that wait for a member that does not read, bytes; over it its connection is closed. */
export const ANSWER_BYTES_WAITING_MAX = 16 * MiB;

/** Such answers, by number: a peer has no more requests under way, and small ones take more memory than their bytes. */
export const ANSWERS_WAITING_MAX = LINK_REQUESTS_UNANSWERED_MAX;

/** A link without any answer, ms, while some are due: its peer is frozen or gone. Longer than a slow sync. */
export const ANSWER_MS_MAX = 3000;

/**
 * A link on which nothing was sent for so long, ms, is asked for an answer: followers have nothing to say to each
 * other, and a connection that is cut silently looks whole until then. One small frame a second costs nothing.
 */
export const KEEP_ALIVE_MS = 1000;

/** From connecting to TCP's answer, ms: after a healed partition TCP alone would wait for up to a minute. */
export const CONNECT_MS_MAX = 2000;

/** Pause between two look-ups of a peer's name, ms: soon for a name that moves, few for its server. */
export const NAME_LOOKUP_PAUSE_MS = 1000;

/** A look-up that takes longer, ms, is told as the reason why a peer is away: others take a fraction of it. */
export const NAME_UNRESOLVED_TOLD_MS = 1000;

/** TLS handshake and hello, ms: what never ends them holds one of the places below. */
export const HANDSHAKE_MS_MAX = 5000;

/** The rest of a member's frame that has begun, ms. */
export const FRAME_MS_MAX = 5000;

/**
 * Bytes that came in on a connection in excess of UNDECRYPTED_RATIO_MAX for each byte that TLS gave out; over it the
 * connection is closed, since TLS holds them or they are no frames. A record has 16 KiB, a handshake and its tickets
 * below 8 KiB, and each small frame of a node comes in a record of 22 bytes more.
 */
export const UNDECRYPTED_BYTES_MAX = 256 * KiB;
export const UNDECRYPTED_RATIO_MAX = 4;

/** How often each connection is looked at for that, ms: soon enough for little memory, and next to no work. */
export const UNDECRYPTED_LOOK_MS = 50;

/** Accepted connections that are not yet a member's; one more closes the oldest, so that strangers keep nobody out. */
export const HANDSHAKES_MAX = 64;

/** Pause before connecting again, ms: from the first, nearly doubled each time, up to the second; the first again after a hello. */
export const RETRY_MS_MIN = 50;
export const RETRY_MS_MAX = 300;

/** A refused peer is logged once in so many ms, not once a try. */
export const REFUSAL_LOG_MS = 60_000;

/** Tries to lock a data directory before it is given up as another process's: two that start at once both step back. */
export const LOCK_TRIES_MAX = 5;

/** The longest pause between two such tries, ms; each is random. Also the time a process that just ends has to let go. */
export const LOCK_RETRY_MS_MAX = 100;

/** commitIndex goes to disk with the next entries, and without any after this time, ms: one sync then. */
export const COMMIT_INDEX_SAVE_MS = 1000;

/** Logs in the answer to one `list` or `tail`: a screenful many times over, and a fraction of a second to make. */
export const LIST_ENTRIES_MAX = 1000;

/** Bytes of keys and values in such an answer (one log at least): no more than the largest `get_log`. */
export const LIST_BYTES_MAX = VALUE_BYTES_MAX;

/** Logs that `list` and `tail` answer where no number is given. */
export const LIST_ENTRIES_DEFAULT = 10;

/**
 * What a program that follows the log is given at once, bytes of entries and their number: a step of at most a few ms.
 * One that takes no more keeps no more in memory.
 */
export const FOLLOW_PAGE_BYTES_MAX = 256 * KiB;
export const FOLLOW_PAGE_ENTRIES_MAX = 512;

/**
 * Parts of a log that a search for a key looks into in a turn of the event loop, each some 20 µs, and the bytes of a log
 * that count as one of them: heartbeats go on between.
 */
export const KEY_STEPS_A_TURN = 16;
export const KEY_STEP_BYTES = 16 * KiB;

/**
 * Keys whose last logs a leader keeps for conditional pushes: many times what are under way to one place. Pushes beyond
 * are looked at when they are the next.
 */
export const WATCHED_KEYS_MAX = 1024;

/** Reads by key that one node works on, or that wait; one more is BUSY. */
export const KEY_READS_MAX = 1024;

/** Of these, the ones that collect more than one log at a time, each up to LIST_BYTES_MAX: others wait for their turn. */
export const KEY_PAGES_MAX = 8;

/** Readers that follow the log of one node: each holds a page, which may be one value of 1 MiB. One more is BUSY. */
export const FOLLOWERS_MAX = 64;

/** How often a `tail` that follows looks for more logs, ms: at once for a person, next to nothing for the node. */
export const FOLLOW_LOOK_MS = 100;

/** An add that has no answer after this time, ms, is one that waits: its user is told for whom. */
export const ADD_WAIT_TOLD_MS = 1000;

/** How often a `tail` that follows tries a node that has gone, ms: soon for a person, next to nothing while it is down. */
export const FOLLOW_RETRY_MS = 250;

/** Of a clean stop, ms at most for a leader to hand over; an election timeout where that is shorter. */
export const HANDOVER_MS_MAX = 1000;

/** Programs that talk to one node through its socket at once; one more is turned away. */
export const SOCKET_CLIENTS_MAX = 32;

/** A program at the socket that sends nothing for so long, ms, is turned away: it holds one of these places. */
export const SOCKET_IDLE_MS_MAX = 60_000;

/** How long `npm run cli` waits for an answer, ms: longer than a node tries a push by itself. */
export const CLIENT_ANSWER_MS_MAX = 20_000;

/** Bytes of entries that `npm run verify` reads between two looks at its progress. */
export const VERIFY_STEP_BYTES = 4 * MiB;

/** How often `npm start` in a terminal looks at its nodes' states, ms: soon for a person, next to nothing for them. */
export const STATUS_LOOK_MS = 250;

/** A node that does not answer such a look for so long, ms, is shown as silent: longer than a slow sync. */
export const STATUS_SILENT_MS = 1500;

/** A node that is so many entries behind or more is shown to catch up, entries: fewer take no time that a person notices. */
export const CATCH_UP_SHOWN_ENTRIES = 10_000;

/** How long a command typed in `npm start` waits for its node to start, ms: a start takes one second, on a machine that others keep busy twenty. */
export const NODE_START_MS_MAX = 60_000;

/** Entries in one answer to a backup, bytes and number: made between two heartbeats, so that a backup disturbs nobody. */
export const BACKUP_PAGE_BYTES_MAX = 256 * KiB;
export const BACKUP_PAGE_ENTRIES_MAX = 4096;

/** Bytes that must have room where a backup goes before it is begun: a full disk is told before a node is asked. */
export const BACKUP_ROOM_BYTES_MIN = 64 * KiB;

/** Bytes of entries that a restore holds and stores at once: few syncs, little memory. */
export const RESTORE_STEP_BYTES = 4 * MiB;

/**
 * A write to disk that takes longer, ms, is one that hangs: no election waits for more of it, and whoever watches the
 * disk says so.
 */
export const SLOW_WRITE_MS_MAX = 2000;

/** A write that hangs for so long, ms, ends the node: what a disk that comes back may take, and a person's patience. */
export const HUNG_WRITE_MS_MAX = 20_000;

/** How often the disk's watcher looks, ms: soon for a person, next to nothing for the node. */
export const HANG_LOOK_MS = 250;

/** Own writes whose time is remembered, and for how long, ms: a disk that was slow once is soon forgotten. */
export const WRITE_TIMES_REMEMBERED = 8;
export const WRITE_TIME_REMEMBERED_MS = 60_000;

/** A slow disk is logged once in so many ms, not once a write. */
export const SLOW_DISK_LOG_MS = 60_000;

/** What a member reported is in `info` for so long, ms: it is asked again every few election timeouts. */
export const MEMBER_REPORT_MS = 5000;

/** How long `status` at a follower waits for what only the leader knows, ms: many round trips, and a slow sync. */
export const LAGS_DEADLINE_MS = 1000;

/** Questions for it that may wait at one node; one more is answered without what the leader knows. */
export const LAGS_WAITING_MAX = 1024;

/** How often a leader looks, ms, whether its log has more than the settings retain; and at how many files of its store then. */
export const RETAIN_LOOK_MS = 60_000;
export const RETAIN_PARTS_A_LOOK = 64;

/** Trims that may wait for a node's leader: a person or a supervisor asks for one now and then. */
export const TRIMS_WAITING_MAX = 16;

/** A leader whose disk is full asks another to lead after so long, and so often, ms: by then the others have looked at theirs. */
export const FULL_LEADER_ASK_MS = 2000;

/** So often a leader looks for what `settings.retain` no longer keeps while disks are full, ms: each look is a walk over files' names in memory. */
export const RETAIN_FULL_LOOK_MS = 1000;

/** A node that leaves a line of `npm run cli` unanswered for so long, ms, is asked whether it answers anything. */
export const CLIENT_SILENT_MS = 1500;

/** It does not, when it leaves that unanswered too for so long, ms. Both together are below the 5 s of the promise. */
export const CLIENT_PROBE_MS_MAX = 3000;

/** In so many looks: see answersAnything. */
export const CLIENT_PROBE_LOOKS = 12;
