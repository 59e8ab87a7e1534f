/* SPDX-License-Identifier: GPL-2.0-only */
/* Every way in which sipxdp is blind or idle, said in words. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sipxdp/reason.h>

#include "ctl/blind.h"
#include "ctl/client.h"
#include "ctl/names.h"
#include "ctl/text.h"
#include "plane/clock.h"
#include "plane/key.h"

static void warn(struct blind *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct blind *out, const char *format, ...)
{
	char text[BLIND_TEXT];
	va_list args;

	if (out->count == BLIND_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_escape(text, sizeof(text), out->text[out->count++], BLIND_TEXT);
}

static void find_ingress(struct blind *out, const char *name,
			 const struct status_interface *interface)
{
	switch (interface->ingress) {
	case STATUS_INGRESS_NONE:
		warn(out, "%s: no program of ours is attached, nothing is guarded there", name);
		break;
	case STATUS_INGRESS_GENERIC:
		warn(out, "%s: generic XDP, behind the driver: right, but slower under a flood",
		     name);
		break;
	case STATUS_INGRESS_UNKNOWN:
		warn(out, "%s: whether XDP runs native or generic cannot be told", name);
		break;
	case STATUS_INGRESS_NATIVE:
	case STATUS_INGRESS_OFFLOAD: break;
	}
}

static void find_interface(struct blind *out, const struct status_interface *interface)
{
	char number[24];
	const char *name = interface->name;

	if (!name[0]) {
		snprintf(number, sizeof(number), "interface %u", interface->ifindex);
		name = number;
	}
	if (!interface->here) {
		warn(out, "%s: is gone, or is in another network namespace", name);
		return;
	}
	find_ingress(out, name, interface);
	if (interface->egress == STATUS_EGRESS_NONE)
		warn(out,
		     "%s: no egress hook, the server's replies are not seen: no trust is "
		     "earned, no call is followed",
		     name);
	if (!interface->up)
		warn(out, "%s: is down", name);
}

static void find_attachment(struct blind *out, const struct view *view)
{
	if (view->attach_err) {
		warn(out, "what is attached where cannot be read: %s", strerror(-view->attach_err));
		return;
	}
	if (!view->attach.interface_count)
		warn(out, "attached to no interface: nothing is guarded");
	for (size_t i = 0; i < view->attach.interface_count; i++)
		find_interface(out, &view->attach.interface[i]);
}

static void find_daemon(struct blind *out, const struct view *view)
{
	const json_t *list = json_object_get(view->daemon, "warnings"), *warning;
	size_t index;

	if (!view->daemon && view->daemon_err == -EBUSY) {
		warn(out, "the daemon could not be asked: %s", client_strerror(-EBUSY));
		return;
	}
	if (!view->daemon) {
		warn(out,
		     "no daemon: %s; the kernel goes on enforcing, but calls, registrations, "
		     "granted trust and samples stand still",
		     client_strerror(view->daemon_err));
		return;
	}
	json_array_foreach (list, index, warning) {
		if (json_is_string(warning))
			warn(out, "daemon: %s", json_string_value(warning));
	}
}

/* "scanner, source-limit" */
static void print_reasons(__u32 monitor, char text[BLIND_TEXT])
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int reason = REASON_DROP_BASE; reason < REASON_END; reason++)
		if (monitor & MONITOR_BIT(reason) && used < BLIND_TEXT)
			used += (size_t)snprintf(text + used, BLIND_TEXT - used, "%s%s",
						 used ? ", " : "", reason_name(reason));
}

static void find_service_modes(struct blind *out, const struct view *view)
{
	char reasons[BLIND_TEXT];

	for (unsigned int i = 0; i < SERVICE_MAX; i++) {
		const struct service *service = &view->services[i];

		if (!service->in_use || !service->monitor)
			continue;
		print_reasons(service->monitor, reasons);
		if (service->monitor == MONITOR_ALL)
			warn(out, "service %s: monitor mode, nothing is dropped for it",
			     service_name(&view->names, i));
		else
			warn(out, "service %s: counted as would-drop and let through: %s",
			     service_name(&view->names, i), reasons);
	}
}

static void find_modes(struct blind *out, const struct view *view)
{
	const struct settings *settings = view->maps->settings;
	char reasons[BLIND_TEXT];

	print_reasons(settings->monitor, reasons);
	if (settings->monitor == MONITOR_ALL)
		warn(out, "monitor mode: nothing is dropped, see would-drop in 'stats'");
	else if (settings->monitor)
		warn(out, "counted as would-drop and let through: %s", reasons);
	if (settings->monitor != MONITOR_ALL)
		find_service_modes(out, view);
	if (!settings->tap_bytes)
		warn(out,
		     "the tap is off (tap.message_bytes: off): calls and registrations are not "
		     "followed");
}

static void find_losses(struct blind *out, const struct view *view)
{
	const struct host_state *host = view->maps->host_state;
	__u64 undecided = counters_of_reason(view->counters, PASS_UNDECIDED) +
			  counters_of_reason(view->counters, DROP_UNDECIDED_LIMIT);
	__u64 stream = counters_of_reason(view->counters, PASS_STREAM);

	if (host->tap_lost)
		warn(out,
		     "%llu messages did not fit into the ring to the daemon: calls and "
		     "registrations may be incomplete",
		     host->tap_lost);
	if (host->dialogs_full)
		warn(out, "%llu dialogs not remembered, their table was full (tables.dialogs)",
		     host->dialogs_full);
	if (host->trusted_full)
		warn(out,
		     "%llu times trust was earned and not kept, its table was full "
		     "(tables.trusted)",
		     host->trusted_full);
	if (host->bans_full)
		warn(out, "%llu bans not kept, their table was full (tables.bans)",
		     host->bans_full);
	if (undecided)
		warn(out,
		     "%llu messages could not be decided in the kernel; they pass under a budget "
		     "of their own",
		     undecided);
	if (stream)
		warn(out,
		     "%llu TCP or TLS packets passed unread: what is in a stream is not "
		     "classified",
		     stream);
}

static void find_full_tables(struct blind *out, const struct view *view)
{
	for (size_t i = 0; i < TABLES_MAX; i++) {
		const struct table_fill *table = &view->tables[i];
		const char *name = maps_name(table->id);

		if (table->err)
			warn(out, "table %s cannot be counted: %s", name, strerror(-table->err));
		else if (table->room && table->entries * 100 >= table->room * BLIND_FILL_PERCENT)
			warn(out, "table %s is %llu%% full; when it is full, %s", name,
			     table->entries * 100 / table->room,
			     table->evicts ? "the entry used least lately goes"
					   : "new entries are refused");
	}
}

static void find_attacks(struct blind *out, const struct view *view)
{
	__u64 now = clock_monotonic_ns();

	for (unsigned int i = 0; i < SERVICE_MAX; i++)
		if (view->services[i].in_use &&
		    view->maps->service_state[i].under_attack_until_ns > now)
			warn(out,
			     "service %s is under attack: the budget of unknown sources is "
			     "used up",
			     service_name(&view->names, i));
}

unsigned int blind_backends(const struct view *view, unsigned int service, unsigned int *down)
{
	unsigned int all = 0, ill = 0;

	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &view->maps->backends[place];

		if (row->state == BACKEND_FREE || row->service != service ||
		    row->order == ORDER_LEAVE)
			continue;
		all++;
		ill += row->state == BACKEND_DOWN;
	}
	if (down)
		*down = ill;
	return all;
}

static bool listens_on(const struct balance *balance, bool ipv6)
{
	return balance->vip[ipv6].port || balance->tcp[ipv6].port || balance->tls[ipv6].port;
}

static bool has_backend_up(const struct view *view, unsigned int service, bool ipv6)
{
	for (__u32 place = 1; place < BACKEND_MAX; place++) {
		const struct backend *row = &view->maps->backends[place];
		struct in6_addr address = key_to_address(&row->peer.addr);

		if (row->state == BACKEND_UP && row->service == service &&
		    address_is_ipv4(&address) != ipv6)
			return true;
	}
	return false;
}

/* Other than a tunnel, nat and dsr leave the family as it is. */
static void find_dead_family(struct blind *out, const struct view *view, unsigned int i)
{
	const struct balance *balance = &view->services[i].balance;

	for (int ipv6 = 0; ipv6 < 2 && balance->forward != FORWARD_IPIP; ipv6++)
		if (listens_on(balance, ipv6) && !has_backend_up(view, i, ipv6))
			warn(out, "service %s: no IPv%d backend is up, for what comes over IPv%d",
			     service_name(&view->names, i), ipv6 ? 6 : 4, ipv6 ? 6 : 4);
}

static void find_dead_backends(struct blind *out, const struct view *view)
{
	for (unsigned int i = 0; i < SERVICE_MAX; i++) {
		const struct service *service = &view->services[i];
		unsigned int down, all;

		if (!service->in_use || service->balance.forward == FORWARD_NONE)
			continue;
		all = blind_backends(view, i, &down);
		if (!view->maps->service_state[i].backends_up) {
			warn(out, "service %s: no backend is up", service_name(&view->names, i));
			continue;
		}
		if (down)
			warn(out, "service %s: %u of %u backends are down",
			     service_name(&view->names, i), down, all);
		find_dead_family(out, view, i);
	}
}

void blind_find(const struct view *view, struct blind *out)
{
	out->count = 0;
	find_attachment(out, view);
	find_daemon(out, view);
	find_modes(out, view);
	find_attacks(out, view);
	find_dead_backends(out, view);
	find_losses(out, view);
	find_full_tables(out, view);
}
