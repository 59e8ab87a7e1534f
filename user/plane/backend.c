// SPDX-License-Identifier: GPL-2.0-only
/* Access to the balancer's maps: see backend.h. */
#include "plane/backend.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

__u64 backend_calls(const struct backend *row)
{
	__s64 calls = __atomic_load_n(&row->calls, __ATOMIC_RELAXED);

	return calls > 0 ? (__u64)calls : 0;
}

void backend_unpin(const struct maps *maps, __u32 place)
{
	__s64 *calls, old;

	if (!place || place >= BACKEND_MAX)
		return;
	calls = &maps->backends[place].calls;
	old = __atomic_load_n(calls, __ATOMIC_RELAXED);
	while (old > 0 && !__atomic_compare_exchange_n(calls, &old, old - 1, true, __ATOMIC_RELAXED,
						       __ATOMIC_RELAXED))
		;
}

/* ---- by address and port ---- */

static void mark_port(struct maps *maps, __be16 port)
{
	__u32 number = ntohs(port);

	for (int transport = 0; transport < BACKEND_TRANSPORTS; transport++)
		__atomic_or_fetch(&maps->backend_ports->word[transport][number / 64],
				  1ULL << number % 64, __ATOMIC_RELEASE);
}

static struct sipxdp_peer tls_peer(const struct backend *row)
{
	struct sipxdp_peer peer = row->peer;

	peer.port = htons((__u16)(ntohs(peer.port) + 1));
	peer.zero = BACKEND_PEER_TLS;
	return peer;
}

/* Its TLS port. Of services that share a backend the first of their chain has it. */
static int list_tls(struct maps *maps, __u32 place)
{
	struct sipxdp_peer peer = tls_peer(&maps->backends[place]);

	mark_port(maps, peer.port);
	return maps_put(maps, MAP_BACKEND_PEERS, &peer, &place, BPF_ANY);
}

static void unlist_tls(struct maps *maps, __u32 place)
{
	struct sipxdp_peer peer = tls_peer(&maps->backends[place]);
	__u32 at;

	if (!maps_get(maps, MAP_BACKEND_PEERS, &peer, &at) && at == place)
		maps_delete(maps, MAP_BACKEND_PEERS, &peer);
}

int backend_list(struct maps *maps, __u32 place)
{
	struct backend *row = &maps->backends[place];
	__u32 first = 0;
	int err = maps_get(maps, MAP_BACKEND_PEERS, &row->peer, &first);

	if (err && err != -ENOENT)
		return err;
	/* In front of the others; a packet that is under way goes by the old chain. */
	row->next = first;
	mark_port(maps, row->peer.port);
	err = maps_put(maps, MAP_BACKEND_PEERS, &row->peer, &place, BPF_ANY);
	return err ? err : list_tls(maps, place);
}

void backend_unlist(struct maps *maps, __u32 place)
{
	struct backend *row = &maps->backends[place];
	__u32 at = 0;

	if (maps_get(maps, MAP_BACKEND_PEERS, &row->peer, &at))
		return unlist_tls(maps, place);
	if (at == place && row->next)
		maps_put(maps, MAP_BACKEND_PEERS, &row->peer, &row->next, BPF_ANY);
	else if (at == place)
		maps_delete(maps, MAP_BACKEND_PEERS, &row->peer);
	/* A chain is as long as services have that backend. */
	for (unsigned int i = 0; at && at < BACKEND_MAX && i < SERVICE_MAX; i++) {
		struct backend *before = &maps->backends[at];

		if (before->next == place) {
			__atomic_store_n(&before->next, row->next, __ATOMIC_RELEASE);
			break;
		}
		at = before->next;
	}
	if (!maps_get(maps, MAP_BACKEND_PEERS, &row->peer, &at) && at < BACKEND_MAX)
		list_tls(maps, at);
	else
		unlist_tls(maps, place);
}

/* ---- loads ---- */

int backend_load_sum(const struct maps *maps, __u32 place, struct backend_load *out)
{
	struct backend_load sum = { 0 }, *cpu;
	int cpus = libbpf_num_possible_cpus();
	int err = 0;

	if (cpus < 0)
		return cpus;
	cpu = calloc((size_t)cpus, sizeof(*cpu));
	if (!cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(maps->fd[MAP_BACKEND_LOAD], &place, cpu))
		err = -errno;
	for (int c = 0; c < cpus && !err; c++) {
		sum.packets += cpu[c].packets;
		sum.bytes += cpu[c].bytes;
		sum.requests += cpu[c].requests;
		sum.answers += cpu[c].answers;
		sum.icmp_errors += cpu[c].icmp_errors;
		if (cpu[c].last_request_ns > sum.last_request_ns)
			sum.last_request_ns = cpu[c].last_request_ns;
		if (cpu[c].last_answer_ns > sum.last_answer_ns)
			sum.last_answer_ns = cpu[c].last_answer_ns;
	}
	free(cpu);
	if (!err)
		*out = sum;
	return err;
}

int backend_load_clear(const struct maps *maps, __u32 place)
{
	int cpus = libbpf_num_possible_cpus();
	struct backend_load *zero;
	int err = 0;

	if (cpus < 0)
		return cpus;
	zero = calloc((size_t)cpus, sizeof(*zero));
	if (!zero)
		return -ENOMEM;
	if (bpf_map_update_elem(maps->fd[MAP_BACKEND_LOAD], &place, zero, BPF_ANY))
		err = -errno;
	free(zero);
	return err;
}

/* ---- tables ---- */

static __u32 bank_in_force(const struct maps *maps, unsigned int service)
{
	return __atomic_load_n(&maps->service_state[service].maglev_bank, __ATOMIC_ACQUIRE) & 1;
}

int backend_table(const struct maps *maps, unsigned int service, bool ipv6,
		  struct maglev_table *out)
{
	__u32 index;

	if (service >= SERVICE_MAX)
		return -EINVAL;
	index = maglev_index(service, ipv6, bank_in_force(maps, service));
	return maps_get(maps, MAP_MAGLEV, &index, out);
}

int backend_switch_tables(const struct maps *maps, unsigned int service,
			  const struct maglev_table *const tables[2], __u32 up)
{
	struct service_state *state = &maps->service_state[service];
	__u32 bank;

	if (service >= SERVICE_MAX)
		return -EINVAL;
	bank = bank_in_force(maps, service) ^ 1;
	for (__u32 ipv6 = 0; ipv6 < 2; ipv6++) {
		__u32 index = maglev_index(service, ipv6, bank);
		int err = maps_put(maps, MAP_MAGLEV, &index, tables[ipv6], BPF_ANY);

		if (err)
			return err;
	}
	__atomic_store_n(&state->maglev_bank, bank, __ATOMIC_RELEASE);
	__atomic_store_n(&state->backends_up, up, __ATOMIC_RELEASE);
	return 0;
}
