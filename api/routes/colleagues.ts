import { randomBytes } from 'node:crypto';
import { Type, type Static } from 'typebox';
import { ROLES, type Colleague, type Role } from '../../ledger/colleagues.ts';
import type { ApiDeps } from '../deps.ts';
import { problem } from '../http/errors.ts';
import { ById, iso, Moment, nullable, secured, Text, type Api } from '../http/schemas.ts';
import { audited, byOf, type By } from './actions.ts';

const Role = Type.Enum([...ROLES]);

const ColleagueShape = Type.Object({
  colleagueId: Type.String(),
  name: Type.String(),
  email: Type.String(),
  role: Role,
  invitedBy: Type.String(),
  joinedAt: nullable(Moment),
  endedAt: nullable(Moment),
  seenAt: nullable(Moment),
  authenticator: Type.Boolean({ description: 'An authenticator app is set up' }),
});

const NewColleague = Type.Object(
  {
    name: Text(80, 'It stands beside every act, and never changes'),
    email: Type.String({ maxLength: 320, pattern: '^[^\\s<>"@]+@[^\\s<>"@]+\\.[^\\s<>"@]+$' }),
    role: Role,
  },
  { additionalProperties: false },
);

/** Invites a colleague. Gives the link to join. Throws `name_taken` or `email_taken`. */
export async function inviteColleague(
  deps: Pick<ApiDeps, 'ledger' | 'publicUrl'>,
  by: By,
  { name, email, role }: { name: string; email: string; role: Role },
): Promise<{ colleagueId: string; link: string }> {
  const secret = randomBytes(32).toString('base64url');
  const trimmed = name.trim();
  const detail = { role };
  const act = { action: 'invite', object: `colleague ${trimmed}`, detail };
  return audited(deps, by, act, async () => {
    if (trimmed === '' || /[\p{C}\u2028\u2029]/u.test(trimmed))
      throw problem('invalid_request', {
        message: 'A name is one line of letters that can be seen.',
        help: 'Write the name as the colleague does.',
      });
    const invited = { name: trimmed, email: email.trim(), role, by: by.actor };
    const made = await deps.ledger.colleagues.invite(invited, secret);
    if (typeof made === 'string') throw problem(made);
    return { ...made, link: `${deps.publicUrl}/console/join/${secret}` };
  });
}

/** Colleagues: the people who sign in to the console. */
export function colleagueRoutes(app: Api, deps: ApiDeps): void {
  const { colleagues } = deps.ledger;

  app.get(
    '/v1/colleagues',
    secured('approve', {
      summary: 'Everybody who was ever invited',
      tags: ['access'],
      response: { 200: Type.Object({ colleagues: Type.Array(ColleagueShape) }) },
    }),
    async () => ({ colleagues: (await colleagues.list()).map(shown) }),
  );

  app.post(
    '/v1/colleagues',
    {
      ...secured('approve', {
        summary: 'Invite a colleague',
        description: 'The link to join is in this answer and nowhere else. It works for 7 days.',
        tags: ['access'],
        body: NewColleague,
        response: { 201: Type.Object({ colleagueId: Type.String(), link: Type.String() }) },
      }),
      config: { secretAnswer: true },
    },
    async (request, reply) =>
      reply.code(201).send(await inviteColleague(deps, byOf(request), request.body)),
  );

  app.delete(
    '/v1/colleagues/:id',
    secured('approve', {
      summary: 'End a colleague’s access at once, with their sessions and tokens',
      tags: ['access'],
      params: ById,
      response: { 204: Type.Null() },
    }),
    async (request, reply) => {
      const { id } = request.params;
      const act = { action: 'end_access', object: `colleague ${id}` };
      await audited(deps, byOf(request), act, async () => {
        if (!(await colleagues.get(id))) throw problem('not_found');
        if ((await colleagues.end(id)) === 'last_approver') throw problem('last_key');
      });
      return reply.code(204).send(null);
    },
  );
}

function shown(one: Colleague): Static<typeof ColleagueShape> {
  const { colleagueId, name, email, role, invitedBy, authenticator } = one;
  return {
    ...{ colleagueId, name, email, role, invitedBy, authenticator },
    ...{ joinedAt: iso(one.joinedAt), endedAt: iso(one.endedAt), seenAt: iso(one.seenAt) },
  };
}
