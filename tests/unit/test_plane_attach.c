/* SPDX-License-Identifier: GPL-2.0-only */
/* Up, reload, adoption and down, on interfaces of a network namespace that each test makes:
 *
 *	out ─veth─ in	frames are sent out of `out` and guarded as they come in at `in`
 *	spare ─veth─ spare-peer
 *
 * Criterion runs each test in a process of its own, so the namespace goes with it. */
#include "test_plane_fixture.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "plane/ban.h"
#include "plane/clock.h"
#include "plane/log.h"
#include "plane/pin.h"
#include "plane/plane.h"
#include "plane/status.h"
#include "plane/trust.h"

#define FRAME_SIZE 60

static char instance[NAME_SIZE];
static char last_error[PLANE_LOG_TEXT];
static struct plane *held; /* for a test that ends halfway */

static void keep_error(enum plane_log_level level, const char *text, void *ctx)
{
	(void)ctx;
	if (level == PLANE_LOG_ERROR)
		snprintf(last_error, sizeof(last_error), "%s", text);
}

static void run_command(const char *command)
{
	cr_assert_eq(system(command), 0, "%s", command);
}

static void setup(void)
{
	need_bpf();
	if (unshare(CLONE_NEWNET))
		cr_skip("cannot make a network namespace");
	if (system("ip link add in type veth peer name out && "
		   "ip link add spare type veth peer name spare-peer && "
		   "for i in lo in out spare spare-peer; do ip link set $i up || exit 1; done"))
		cr_skip("needs ip(8) and veth");
	snprintf(instance, sizeof(instance), "unit-%d", (int)getpid());
	plane_log_set(keep_error, NULL);
}

static int down(struct plane *plane, bool keep)
{
	held = NULL;
	return plane_down(plane, keep);
}

static void teardown(void)
{
	if (held)
		down(held, true);
	plane_detach(instance);
}

TestSuite(plane_attach, .init = setup, .fini = teardown, .timeout = TEST_TIMEOUT);

static struct config *config_with(const char *interfaces, const char *more)
{
	return config_of("instance: %s\ninterfaces: [%s]\nservices:\n"
			 "  - {name: a, listen: [\"udp:*:5060\"]}\n%s",
			 instance, interfaces, more);
}

static struct plane *must_up(const char *interfaces, const char *more)
{
	struct config *cfg = config_with(interfaces, more);
	struct plane *plane;
	int err = plane_up(cfg, NULL, &plane);

	cr_assert_eq(err, 0, "up: %s: %s", strerror(-err), last_error);
	config_free(cfg);
	held = plane;
	return plane;
}

static int try_up(const char *interfaces, bool fresh)
{
	struct config *cfg = config_with(interfaces, "");
	struct plane_options options = { .fresh = fresh };
	struct plane *plane;
	int err = plane_up(cfg, &options, &plane);

	config_free(cfg);
	if (!err)
		down(plane, true);
	return err;
}

static struct status must_status(void)
{
	struct status status;
	int err = status_read(instance, &status);

	cr_assert_eq(err, 0, "status: %s", strerror(-err));
	return status;
}

static __u32 attached_id(const char *name)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	cr_assert_eq(bpf_xdp_query((int)if_nametoindex(name), 0, &query), 0);
	return query.prog_id;
}

/* Everything counted for the service. */
static int add_packets(__u32 row, const union counter_row *sum, void *ctx)
{
	__u64 *total = ctx;

	(void)row;
	for (int reason = 0; reason < REASON_SLOTS; reason++)
		*total += sum->by_reason[reason].packets;
	return 0;
}

static __u64 counted(struct maps *maps)
{
	__u64 total = 0;

	cr_assert_eq(maps_walk_counters(maps, add_packets, &total), 0);
	return total;
}

/* A UDP datagram to port 5060, which is not SIP. */
static void make_frame(unsigned char frame[FRAME_SIZE])
{
	static const unsigned char head[] = {
		0x02, 0,    0,	  0,	0, 2,  0x02, 0, 0,   0,	  0,   1,   0x08, 0,   0x45, 0, 0,
		46,   0,    0,	  0,	0, 64, 17,   0, 0,   192, 0,   2,   1,	  192, 0,    2, 2,
		0x27, 0x10, 0x13, 0xc4, 0, 26, 0,    0, 'g', 'a', 'r', 'b', 'a',  'g', 'e',
	};

	memset(frame, ' ', FRAME_SIZE);
	memcpy(frame, head, sizeof(head));
}

static void send_frames(const char *name, unsigned int count, atomic_bool *stop, atomic_uint *sent)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	unsigned char frame[FRAME_SIZE];

	cr_assert_geq(fd, 0);
	make_frame(frame);
	for (unsigned int i = 0; i < count && !(stop && atomic_load(stop)); i++) {
		if (sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) ==
			    (ssize_t)sizeof(frame) &&
		    sent)
			atomic_fetch_add(sent, 1);
		usleep(100);
	}
	close(fd);
	usleep(20000);
}

/* ---- up and down ---- */

Test(plane_attach, up_attaches_native_and_egress_and_down_leaves_nothing)
{
	struct plane *plane = must_up("in, lo", "");
	struct status status = must_status();
	char path[128];

	cr_expect(status.daemon_alive);
	cr_assert_eq(status.interface_count, 2);
	cr_expect_str_eq(status.interface[0].name, "lo");
	cr_expect_eq(status.interface[0].ingress, STATUS_INGRESS_GENERIC,
		     "the loopback driver has no XDP");
	cr_expect_str_eq(status.interface[1].name, "in");
	cr_expect_eq(status.interface[1].ingress, STATUS_INGRESS_NATIVE);
	cr_expect_neq(status.interface[1].egress, STATUS_EGRESS_NONE);
	cr_expect(status.interface[1].up);
	cr_expect_neq(attached_id("in"), 0);
	send_frames("out", 10, NULL, NULL);
	cr_expect_eq(counted(plane_maps(plane)), 10, "%llu",
		     (unsigned long long)counted(plane_maps(plane)));
	cr_expect_eq(down(plane, false), 0);
	cr_expect_eq(attached_id("in"), 0);
	cr_expect_eq(attached_id("lo"), 0);
	snprintf(path, sizeof(path), "%s/%s", MAPS_ROOT, instance);
	cr_expect_neq(access(path, F_OK), 0, "%s", path);
	cr_expect_eq(status_read(instance, &status), -ENOENT);
	cr_expect_eq(maps_daemon_alive(instance), 0);
}

Test(plane_attach, maps_can_be_opened_by_their_pins_and_carry_their_types)
{
	struct plane *plane = must_up("in", "");
	char message[MAPS_MESSAGE_SIZE];
	struct bpf_map_info info;
	__u32 size = sizeof(info);
	struct service service;
	struct maps maps;

	cr_assert_eq(maps_open(instance, &maps, message), 0, "%s", message);
	cr_expect_eq(maps.settings->layout, SIPXDP_LAYOUT);
	cr_expect_eq(maps_service(&maps, 0, &service), 0);
	cr_expect_str_eq(service.name, "a");
	cr_expect_eq(maps_service(&maps, 1, &service), -ENOENT);
	memset(&info, 0, sizeof(info));
	cr_assert_eq(bpf_obj_get_info_by_fd(maps.fd[MAP_CALLS], &info, &size), 0);
	cr_expect_neq(info.btf_value_type_id, 0, "bpftool shows names");
	maps_close(&maps);
	maps_close(&maps);
	cr_expect_eq(down(plane, false), 0);
	cr_expect_eq(maps_open(instance, &maps, message), -ENOENT);
	cr_expect(strstr(message, instance), "%s", message);
	cr_expect_eq(maps_open("../../etc", &maps, message), -EINVAL);
}

Test(plane_attach, interfaces_that_cannot_be_guarded_are_refused_by_name)
{
	char path[128];

	cr_expect_eq(try_up("in, nowhere", false), -ENODEV);
	cr_expect(strstr(last_error, "nowhere"), "%s", last_error);
	cr_expect_eq(attached_id("in"), 0, "not by half");
	if (system("ip tuntap add name tun7 mode tun 2>/dev/null") == 0) {
		cr_expect_eq(try_up("tun7", false), -EMEDIUMTYPE);
		cr_expect(strstr(last_error, "tun7"), "%s", last_error);
	}
	snprintf(path, sizeof(path), "%s/%s", MAPS_ROOT, instance);
	cr_expect_neq(access(path, F_OK), 0, "nothing is left behind");
}

/* ---- programs of others ---- */

static int attach_foreign(const char *name)
{
	const struct bpf_insn pass[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 2 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody", "GPL", pass, COUNT(pass), NULL);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bpf_xdp_attach((int)if_nametoindex(name), fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	return fd;
}

Test(plane_attach, a_foreign_program_is_named_and_left_alone)
{
	int foreign = attach_foreign("spare");
	__u32 id = attached_id("spare");

	cr_expect_eq(try_up("in, spare", false), -EBUSY);
	cr_expect(strstr(last_error, "spare"), "%s", last_error);
	cr_expect(strstr(last_error, "somebody"), "%s", last_error);
	cr_expect_eq(attached_id("spare"), id);
	cr_expect_eq(attached_id("in"), 0, "what was attached before is taken back");
	close(foreign);
}

/* ---- adoption ---- */

static void *send_until_stopped(void *arg)
{
	struct {
		atomic_bool stop;
		atomic_uint sent;
	} *sender = arg;

	send_frames("out", UINT32_MAX, &sender->stop, &sender->sent);
	return NULL;
}

/* Frames come in all the time, while the program is replaced three times: each is counted, so none
 * passed a moment without a program. */
Test(plane_attach, a_restart_adopts_the_maps_and_no_frame_passes_unguarded)
{
	struct {
		atomic_bool stop;
		atomic_uint sent;
	} sender = { false, 0 };
	struct plane *plane = must_up("in", "");
	struct sipxdp_peer peer = { .port = htons(5060) };
	struct sipxdp_prefix prefix = { .prefix_len = 128,
					.addr = { { 0, 0, htonl(0xffff), htonl(0x0a000001) } } };
	struct ban ban = { .origin = BAN_HAND, .reason = "test" };
	__u64 key[HASH_KEY_WORDS];
	struct trusted trusted;
	pthread_t thread;
	__u64 total;
	__u32 id;

	cr_assert_eq(trust_add(plane_maps(plane), &peer, 0, TRUST_HAND), 0);
	cr_assert_eq(ban_add(plane_maps(plane), &prefix, &ban, NULL), 0);
	memcpy(key, plane_maps(plane)->settings->hash_key, sizeof(key));
	cr_assert_eq(pthread_create(&thread, NULL, send_until_stopped, &sender), 0);
	for (int i = 0; i < 3; i++) {
		id = attached_id("in");
		usleep(20000);
		cr_assert_eq(down(plane, true), 0);
		cr_expect_eq(attached_id("in"), id, "it goes on without a daemon");
		cr_expect_not(must_status().daemon_alive);
		plane = must_up("in", "");
		cr_expect_neq(attached_id("in"), id, "and then the new program is there");
	}
	atomic_store(&sender.stop, true);
	pthread_join(thread, NULL);
	cr_expect_gt(atomic_load(&sender.sent), 100);
	total = counted(plane_maps(plane));
	if (plane_dispatched(plane)) /* old and new stand side by side for a moment */
		cr_expect_geq(total, atomic_load(&sender.sent), "%llu of %u counted",
			      (unsigned long long)total, atomic_load(&sender.sent));
	else
		cr_expect_eq(total, atomic_load(&sender.sent), "%llu of %u counted",
			     (unsigned long long)total, atomic_load(&sender.sent));
	cr_expect_eq(maps_get(plane_maps(plane), MAP_TRUSTED, &peer, &trusted), 0);
	cr_expect_eq(maps_get(plane_maps(plane), MAP_BANS, &prefix, &ban), 0);
	cr_expect_str_eq(ban.reason, "test");
	cr_expect_eq(plane_maps(plane)->settings->has_bans, 1);
	cr_expect_eq(memcmp(key, plane_maps(plane)->settings->hash_key, sizeof(key)), 0);
	cr_expect_eq(down(plane, false), 0);
}

Test(plane_attach, a_daemon_that_is_killed_leaves_the_kernel_enforcing)
{
	struct plane *plane;
	__u32 id;
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		must_up("in", "");
		raise(SIGKILL);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status));
	id = attached_id("in");
	cr_expect_neq(id, 0);
	send_frames("out", 5, NULL, NULL);
	plane = must_up("in", "");
	cr_expect_neq(attached_id("in"), id);
	send_frames("out", 5, NULL, NULL);
	cr_expect_eq(counted(plane_maps(plane)), 10);
	cr_expect_eq(down(plane, false), 0);
}

/* A program of ours that somebody detached by force, an interface that went and came again. */
Test(plane_attach, adoption_copes_with_what_has_gone_meanwhile)
{
	struct plane *plane = must_up("in, spare", "");

	cr_assert_eq(down(plane, true), 0);
	run_command("ip link del spare && ip link add spare type veth peer name spare-peer");
	plane = must_up("in, spare", "");
	cr_expect_neq(attached_id("spare"), 0);
	cr_expect_eq(must_status().interface_count, 2);
	cr_expect_eq(down(plane, false), 0);
	cr_expect_eq(attached_id("spare"), 0);
}

Test(plane_attach, tables_change_their_size_and_keep_their_entries)
{
	struct plane *plane = must_up("in", "tables: {trusted: 2048, sources: 2048}\n");
	struct sipxdp_peer peer = { .port = 0 };
	struct trusted trusted = { .packets = 0 };
	__u64 count;

	for (__u32 i = 0; i < 500; i++) {
		peer.addr.word[3] = htonl(i);
		trusted.packets = i;
		cr_assert_eq(maps_put(plane_maps(plane), MAP_TRUSTED, &peer, &trusted, 0), 0);
	}
	cr_assert_eq(down(plane, true), 0);
	plane = must_up("in", "tables: {trusted: 8192, sources: 2048}\n");
	cr_expect_eq(maps_room(plane_maps(plane), MAP_TRUSTED), 8192);
	cr_expect_eq(maps_count(plane_maps(plane), MAP_TRUSTED, &count), 0);
	cr_expect_eq(count, 500);
	cr_expect_eq(maps_get(plane_maps(plane), MAP_TRUSTED, &peer, &trusted), 0);
	cr_expect_eq(trusted.packets, 499);
	cr_assert_eq(down(plane, true), 0);
	/* What is pinned by that name is the new table. */
	plane = must_up("in", "tables: {trusted: 8192, sources: 2048}\n");
	cr_expect_eq(maps_count(plane_maps(plane), MAP_TRUSTED, &count), 0);
	cr_expect_eq(count, 500);
	cr_expect_eq(down(plane, false), 0);
}

Test(plane_attach, another_layout_is_refused_and_fresh_begins_anew)
{
	struct plane *plane = must_up("in", "");
	struct sipxdp_peer peer = { .port = 1 };
	char message[MAPS_MESSAGE_SIZE];
	struct trusted trusted;
	struct maps maps;
	__u32 id;

	cr_assert_eq(trust_add(plane_maps(plane), &peer, 0, TRUST_HAND), 0);
	plane_maps(plane)->settings->layout = SIPXDP_LAYOUT + 1;
	cr_assert_eq(down(plane, true), 0);
	id = attached_id("in");
	cr_expect_eq(maps_open(instance, &maps, message), -EPROTO);
	cr_expect(strstr(message, "layout"), "%s", message);
	cr_expect_eq(try_up("in", false), -EPROTO);
	cr_expect(strstr(last_error, "--fresh"), "what to do is said: %s", last_error);
	cr_expect_eq(attached_id("in"), id, "what runs goes on running");
	cr_expect_eq(try_up("in", true), 0);
	cr_expect_neq(attached_id("in"), id);
	cr_assert_eq(maps_open(instance, &maps, message), 0, "%s", message);
	cr_expect_eq(maps_get(&maps, MAP_TRUSTED, &peer, &trusted), -ENOENT);
	send_frames("out", 5, NULL, NULL);
	cr_expect_eq(counted(&maps), 5, "the programs use what is pinned");
	maps_close(&maps);
}

/* Tables of another layout have other sizes, too; what is said is the layout, not the first size that
 * differs. */
Test(plane_attach, tables_of_another_layout_and_size_are_told_by_their_layout)
{
	struct plane *plane = must_up("in", "");
	char message[MAPS_MESSAGE_SIZE], wanted[64], path[PIN_PATH_SIZE];
	struct maps maps;
	int fd;

	plane_maps(plane)->settings->layout = SIPXDP_LAYOUT - 1;
	cr_assert_eq(down(plane, true), 0);
	cr_assert_eq(pin_path(instance, maps_name(MAP_HOST_STATE), path), 0);
	cr_assert_eq(unlink(path), 0);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "host_state", sizeof(__u32),
			    sizeof(struct host_state) - sizeof(__u64), 1, NULL);
	cr_assert_geq(fd, 0);
	cr_assert_eq(bpf_obj_pin(fd, path), 0);
	close(fd);
	cr_expect_eq(maps_open(instance, &maps, message), -EPROTO);
	snprintf(wanted, sizeof(wanted), "was made with layout %u", SIPXDP_LAYOUT - 1);
	cr_expect(strstr(message, wanted), "%s", message);
	cr_expect_eq(plane_detach(instance), 0, "it can be taken away all the same");
	cr_expect_eq(attached_id("in"), 0);
}

/* Another daemon for the same instance: on this host, and in another network namespace. */
Test(plane_attach, an_instance_has_one_daemon_and_one_namespace)
{
	struct plane *plane = must_up("in", "");
	__u32 id = attached_id("in");
	int status;
	pid_t pid;

	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(try_up("spare", false) == -EBUSY && strstr(last_error, "held") ? 0 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0, "a second daemon");
	cr_expect_eq(plane_detach(instance), -EBUSY, "ask the daemon");
	cr_assert_eq(down(plane, true), 0);

	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) || system("ip link add in type veth peer name out"))
			_exit(2);
		_exit(try_up("in", false) == -EBUSY && strstr(last_error, "namespace") ? 0 : 1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0, "another namespace");
	cr_expect_eq(attached_id("in"), id);
	cr_expect_eq(plane_detach(instance), 0);
	cr_expect_eq(attached_id("in"), 0);
	cr_expect_eq(plane_detach(instance), -ENOENT);
}

/* ---- balanced services ---- */

#define BACKEND_ADDRESS 0xc6336402 /* 198.51.100.2 */

static struct plane *must_up_balanced(void)
{
	struct config *cfg = config_of(
		"instance: %s\ninterfaces: [in]\nservices:\n"
		"  - name: a\n"
		"    listen: [\"udp:192.0.2.2:5060\"]\n"
		"    limits: {per_source: {malformed: 1000000/s}, per_prefix: {malformed: "
		"1000000/s},\n"
		"             unknown: {malformed: 1000000/s}, trusted: {malformed: 1000000/s},\n"
		"             total: {malformed: 1000000/s, all: 9000000/s}}\n"
		"    balance: {forward: nat, backends: [{name: b, address: "
		"\"198.51.100.2:5060\"}]}\n",
		instance);
	struct plane *plane;
	int err = plane_up(cfg, NULL, &plane);

	cr_assert_eq(err, 0, "up: %s: %s", strerror(-err), last_error);
	config_free(cfg);
	held = plane;
	return plane;
}

/* What XDP gives to the stack at `in`. There is no route to the backend, so that it is all. */
static int open_receiver(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = (int)if_nametoindex("in") };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP));
	int room = 64 << 20;

	cr_assert_geq(fd, 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* Frames that came, all for the backend. */
static unsigned int receive_translated(int fd)
{
	unsigned char frame[2 * FRAME_SIZE];
	const __be32 wanted = htonl(BACKEND_ADDRESS);
	unsigned int count = 0;

	while (recv(fd, frame, sizeof(frame), 0) == FRAME_SIZE) {
		cr_assert_eq(memcmp(frame + 30, &wanted, sizeof(wanted)), 0,
			     "frame %u is for %d.%d.%d.%d", count, frame[30], frame[31], frame[32],
			     frame[33]);
		count++;
	}
	return count;
}

/* The programs of before go on by themselves until they are replaced: they and the new ones share no
 * scratch, and a frame is with the ones or the others from its beginning to its end. */
Test(plane_attach, a_restart_of_a_balancer_loses_no_frame)
{
	struct {
		atomic_bool stop;
		atomic_uint sent;
	} sender = { false, 0 };
	struct plane *plane = must_up_balanced();
	int receiver = open_receiver();
	unsigned int received;
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, send_until_stopped, &sender), 0);
	for (int i = 0; i < 3; i++) {
		usleep(20000);
		cr_assert_eq(down(plane, true), 0);
		plane = must_up_balanced();
	}
	atomic_store(&sender.stop, true);
	pthread_join(thread, NULL);
	received = receive_translated(receiver);
	close(receiver);
	cr_expect_gt(atomic_load(&sender.sent), 100);
	cr_expect_eq(received, atomic_load(&sender.sent), "%u of %u came", received,
		     atomic_load(&sender.sent));
	cr_expect_eq(down(plane, false), 0);
}

/* ---- reload ---- */

Test(plane_attach, a_reload_changes_services_and_interfaces)
{
	struct plane *plane = must_up("in", "");
	struct maps *maps = plane_maps(plane);
	struct config *cfg = config_of("instance: %s\ninterfaces: [in, spare]\nservices:\n"
				       "  - {name: b, listen: [\"udp:*:5070\"]}\n"
				       "  - {name: a, listen: [\"udp:*:5060\"]}\n",
				       instance);
	__u32 id = attached_id("in"), bank = maps->settings->bank;
	struct service service;

	cr_expect_eq(plane_service(plane, 0), 0);
	cr_assert_eq(plane_reload(plane, cfg), 0, "%s", last_error);
	config_free(cfg);
	cr_expect_neq(maps->settings->bank, bank);
	cr_expect_eq(attached_id("in"), id, "the program is the same");
	cr_expect_neq(attached_id("spare"), 0);
	cr_expect_eq(plane_service(plane, 0), 1, "b is new");
	cr_expect_eq(plane_service(plane, 1), 0, "a is what it was");
	cr_expect_eq(maps_service(maps, 1, &service), 0);
	cr_expect_str_eq(service.name, "b");
	cfg = config_with("spare", "");
	cr_assert_eq(plane_reload(plane, cfg), 0, "%s", last_error);
	config_free(cfg);
	cr_expect_eq(attached_id("in"), 0);
	cr_expect_neq(attached_id("spare"), 0);
	cr_expect_eq(must_status().interface_count, 1);
	cr_expect_eq(down(plane, false), 0);
}

Test(plane_attach, a_reload_that_fails_changes_nothing)
{
	struct plane *plane = must_up("in", "");
	struct maps *maps = plane_maps(plane);
	int foreign = attach_foreign("spare");
	struct config *cfg = config_with("out, spare", "mode: monitor\n");
	__u32 id = attached_id("in"), bank = maps->settings->bank;

	cr_expect_eq(plane_reload(plane, cfg), -EBUSY);
	cr_expect_eq(maps->settings->bank, bank);
	cr_expect_eq(maps->settings->monitor, 0);
	cr_expect_eq(attached_id("in"), id);
	cr_expect_eq(attached_id("out"), 0);
	config_free(cfg);
	cfg = config_with("in", "networks: {deny: [10.0.0.0/8]}\n");
	cr_expect_eq(plane_reload(plane, cfg), 0, "and the next one works");
	cr_expect_eq(maps->settings->has_networks, 1);
	config_free(cfg);
	close(foreign);
	cr_expect_eq(down(plane, false), 0);
}

/* A directory in the place of its pin cannot be unlinked. By then the new configuration is in force: to
 * say that the reload failed would be wrong. */
Test(plane_attach, a_reload_is_done_though_an_interface_cannot_be_let_go)
{
	struct plane *plane = must_up("in, spare", "");
	struct maps *maps = plane_maps(plane);
	struct config *cfg = config_with("in", "mode: monitor\n");
	struct pin_interface spare = { if_nametoindex("spare"), pin_netns() };
	enum pin_kind kind = plane_dispatched(plane) ? PIN_CLSACT : PIN_XDP;
	char path[PIN_PATH_SIZE];

	cr_assert_eq(pin_link_path(instance, kind, &spare, path), 0);
	if (unlink(path)) /* a kernel with a dispatcher, and with tcx */
		cr_skip("no pin to stand in the way of");
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_eq(plane_reload(plane, cfg), 0);
	cr_expect(strstr(last_error, "spare: cannot be detached"), "%s", last_error);
	cr_expect_neq(maps->settings->monitor, 0);
	cr_expect_eq(attached_id("spare"), 0);
	cr_assert_eq(rmdir(path), 0);
	config_free(cfg);
	cr_expect_eq(down(plane, false), 0);
}

/* Every other place is taken by backends that have left and still have calls. */
static void fill_pools(struct maps *maps)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		struct backend *row = &maps->backends[place];

		if (row->state == BACKEND_FREE)
			*row = (struct backend){ .service = 1,
						 .state = BACKEND_DRAIN,
						 .order = ORDER_LEAVE,
						 .calls = 1 };
	}
}

Test(plane_attach, backends_without_room_leave_the_networks_as_they_were)
{
	struct plane *plane = must_up_balanced();
	struct maps *maps = plane_maps(plane);
	struct config *cfg = config_of("instance: %s\ninterfaces: [in]\n"
				       "networks: {deny: [10.0.0.0/8]}\nservices:\n"
				       "  - name: a\n    listen: [\"udp:192.0.2.1:5060\"]\n"
				       "    balance: {backends: [{name: b, address: "
				       "\"192.0.2.9:5060\"}]}\n",
				       instance);
	__u64 count;

	fill_pools(maps);
	cr_expect_eq(plane_reload(plane, cfg), -EOVERFLOW);
	cr_expect(strstr(last_error, "more backends than there is room for"), "%s", last_error);
	cr_expect_eq(maps_count(maps, MAP_NETWORKS, &count), 0);
	cr_expect_eq(count, 0, "10.0.0.0/8 is denied");
	cr_expect_eq(maps->settings->has_networks, 0);
	config_free(cfg);
	cr_expect_eq(down(plane, false), 0);
}

/* As many services as there are numbers, the first of them balanced, under the name given; its pool. */
static struct config *config_of_all_numbers(const char *first, const char *backends)
{
	char services[4096];
	size_t used = (size_t)snprintf(services, sizeof(services),
				       "  - {name: %s, listen: [\"udp:192.0.2.2:5060\"],\n"
				       "     balance: {backends: [%s]}}\n",
				       first, backends);

	for (unsigned int i = 1; i < SERVICE_MAX; i++)
		used += (size_t)snprintf(services + used, sizeof(services) - used,
					 "  - {name: s%u, listen: [\"udp:192.0.2.2:%u\"]}\n", i,
					 6000 + i);
	return config_of("instance: %s\ninterfaces: [in]\nservices:\n%s", instance, services);
}

#define BACKEND(name, address) "{name: " name ", address: \"" address ":5060\"}"

/* The new service gets the number of one that is in force until the reload is done. */
Test(plane_attach, a_reload_that_fails_keeps_the_pool_whose_number_another_was_to_have)
{
	struct config *cfg = config_of_all_numbers("old", BACKEND("a", "198.51.100.2"));
	struct plane *plane;
	struct maps *maps;

	cr_assert_eq(plane_up(cfg, NULL, &plane), 0, "%s", last_error);
	config_free(cfg);
	held = plane;
	maps = plane_maps(plane);
	cr_assert_eq(maps->backends[1].state, BACKEND_UP);
	fill_pools(maps);
	cfg = config_of_all_numbers("new",
				    BACKEND("b", "198.51.100.3") ", " BACKEND("c", "198.51.100.4"));
	cr_expect_eq(plane_reload(plane, cfg), -EOVERFLOW);
	cr_expect_eq(maps->backends[1].state, BACKEND_UP, "the pool in force is gone");
	config_free(cfg);
	cfg = config_of_all_numbers("new", BACKEND("b", "198.51.100.3"));
	cr_expect_eq(plane_reload(plane, cfg), 0, "one takes the place of the other: %s",
		     last_error);
	cr_expect_str_eq(maps->backends[1].name, "b");
	config_free(cfg);
	cr_expect_eq(down(plane, false), 0);
}

/* More networks than their table holds: known only when everything else has been done, and all of
 * that is taken back, at a reload and at a restart. */
Test(plane_attach, a_configuration_that_does_not_fit_is_taken_back)
{
	static char networks[64 * 1024] = "networks: {deny: [10.0.0.0/32";
	struct plane *plane = must_up("in", "tables: {networks: 1024}\n");
	struct maps *maps = plane_maps(plane);
	__u32 id = attached_id("in"), bank = maps->settings->bank;
	struct config *cfg;
	size_t used = strlen(networks);
	__u64 count;

	for (unsigned int i = 1; i <= 1024; i++)
		used += (size_t)snprintf(networks + used, sizeof(networks) - used,
					 ", 10.0.%u.%u/32", i / 256, i % 256);
	snprintf(networks + used, sizeof(networks) - used, "]}\ntables: {networks: 2048}\n");
	cfg = config_with("in, spare", networks);
	cr_expect_eq(plane_reload(plane, cfg), -ENOSPC);
	cr_expect(strstr(last_error, "tables.networks"), "%s", last_error);
	cr_expect_eq(maps->settings->bank, bank);
	cr_expect_eq(maps_count(maps, MAP_NETWORKS, &count), 0);
	cr_expect_eq(count, 0);
	cr_expect_eq(attached_id("in"), id);
	cr_expect_eq(attached_id("spare"), 0);
	cr_assert_eq(down(plane, true), 0);
	cfg->tables.networks = 1024;
	cr_expect_eq(plane_up(cfg, NULL, &plane), -ENOSPC);
	cr_expect_eq(attached_id("spare"), 0);
	cr_expect_neq(attached_id("in"), 0);
	plane = must_up("in", "tables: {networks: 1024}\n");
	if (!plane_dispatched(plane))
		cr_expect_eq(must_status().interface_count, 1);
	send_frames("out", 5, NULL, NULL);
	cr_expect_eq(counted(plane_maps(plane)), 5, "one program, once");
	config_free(cfg);
	cr_expect_eq(down(plane, false), 0);
}
